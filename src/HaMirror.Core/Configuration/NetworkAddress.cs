using System.Net;

namespace HaMirror.Core.Configuration;

/// <summary>Addresses as an operator writes them: IPv4, IPv6 with or without brackets, or a name.</summary>
public static class NetworkAddress
{
    /// <summary>Null when the address is good, else a sentence; <paramref name="clean"/> is without brackets.</summary>
    public static string? Refusal(string text, out string clean)
    {
        clean = text.Trim();
        if (clean.StartsWith('[') && clean.EndsWith(']'))
        {
            clean = clean[1..^1];
            return IPAddress.TryParse(clean, out _) && clean.Contains(':', StringComparison.Ordinal) ? null
                : $"\"{VocabularyCheck.Clip(text)}\" is no IPv6 address";
        }

        if (clean.Contains(':', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(clean, out _) ? null : $"\"{VocabularyCheck.Clip(text)}\" is no IPv6 address; a port does not belong here";
        }

        if (clean.Length > 0 && clean.All(letter => char.IsAsciiDigit(letter) || letter == '.'))
        {
            // The parser of .NET takes "10.1" for 10.0.0.1, which nobody means.
            return clean.Count(letter => letter == '.') == 3 && IPAddress.TryParse(clean, out _) ? null
                : $"\"{VocabularyCheck.Clip(text)}\" is no IPv4 address: write four numbers from 0 to 255";
        }

        return clean.Length is > 0 and <= 253 && clean.Split('.').All(IsLabel) ? null
            : $"\"{VocabularyCheck.Clip(text)}\" is neither an address nor a host name";
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');
}
