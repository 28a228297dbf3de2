// What leaves the node in an archive for support has no secret in it. Two nets: what this node itself keeps secret (the cluster's
// key, the console's private key, hashes of passwords and keys, the contents of the files that notify.xml names) is known and taken out
// wherever it stands, in every spelling that a program would give it; and what looks like a secret (tokens, private keys in PEM,
// passwords in URLs, values of whatever is called password, secret, token or key) is taken out by its form.
using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using HaMirror.Agent.Access;
using HaMirror.Agent.Notify;
using HaMirror.Core.Configuration;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Support;

/// <summary>Takes secrets out of text.</summary>
internal sealed partial class SecretFilter
{
    private const string Instead = "(removed)";

    /// <summary>Shorter ones would take half of the text with them; a password has at least ten letters.</summary>
    private const int LengthMin = 6;

    private readonly string[] _known;

    public SecretFilter(IEnumerable<string> known) =>
        _known = [.. known.Where(secret => secret.Length >= LengthMin).Distinct().OrderByDescending(secret => secret.Length)];

    /// <summary>With all that this node keeps secret.</summary>
    public static SecretFilter Of(AgentFiles files, AccessStore access) => new(Known(files, access));

    public string Clean(string text)
    {
        foreach (var secret in _known) text = text.Replace(secret, Instead, StringComparison.Ordinal);
        text = PrivateKey().Replace(text, Instead);
        text = Token().Replace(text, Instead);
        text = Bearer().Replace(text, "$1" + Instead);
        text = InUrl().Replace(text, "$1" + Instead + "@");
        text = NamedElement().Replace(text, "$1" + Instead + "$3");
        text = NamedAttribute().Replace(text, "$1" + Instead + "$3");
        return NamedValue().Replace(text, "$1" + Instead);
    }

    /// <summary>The address of a webhook often is its secret: the host is enough to see what was meant.</summary>
    public string CleanNotify(string text) => Clean(HookUrl().Replace(text, "$1/" + Instead + "$2"));

    private static IEnumerable<string> Known(AgentFiles files, AccessStore access)
    {
        if (Bytes(files.ClusterKeyFile) is { } key)
        {
            foreach (var spelling in new[] { Convert.ToHexStringLower(key), Convert.ToHexString(key), Convert.ToBase64String(key), Base64Url.EncodeToString(key), BitConverter.ToString(key) })
                yield return spelling;
        }

        foreach (var line in Lines($"{files.ConfigurationDirectory}/console.key").Where(line => !line.StartsWith("-----", StringComparison.Ordinal))) yield return line;
        foreach (var account in access.Book.Users.Values.Concat(access.Book.Keys.Values))
        {
            yield return account.Secret;
            foreach (var part in account.Secret.Split('$').Where(part => part.Length > 16)) yield return part;
        }

        foreach (var path in SecretFiles($"{files.ConfigurationDirectory}/notify.xml"))
        {
            foreach (var line in Lines(path)) yield return line;
        }
    }

    private static IEnumerable<string> SecretFiles(string path) =>
        Lines(path) is { Count: > 0 } lines ? SecretFileName().Matches(string.Join('\n', lines)).Select(match => match.Groups[1].Value) : [];

    private static List<string> Lines(string path) =>
        Bytes(path) is { } bytes ? [.. Encoding.UTF8.GetString(bytes).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)] : [];

    private static byte[]? Bytes(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // What this node cannot read it cannot have written anywhere either.
        }
    }

    [GeneratedRegex("(?:passwordfile|secretfile)\\s*=\\s*[\"']([^\"']+)[\"']")]
    private static partial Regex SecretFileName();

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)", RegexOptions.Singleline)]
    private static partial Regex PrivateKey();

    [GeneratedRegex("\\bhm[ksj]1[-.][A-Za-z0-9_.-]{8,}")]
    private static partial Regex Token();

    [GeneratedRegex("(Bearer\\s+|Basic\\s+)[A-Za-z0-9._~+/=-]{8,}", RegexOptions.IgnoreCase)]
    private static partial Regex Bearer();

    [GeneratedRegex("([a-z][a-z0-9+.-]*://[^\\s/@:\"'<>]*:)[^\\s/@\"'<>]+@", RegexOptions.IgnoreCase)]
    private static partial Regex InUrl();

    /// <summary>A macro or variable by its name.</summary>
    [GeneratedRegex("(<(?:macro|var)\\b[^>]*\\bname\\s*=\\s*[\"'][^\"']*(?:pass|secret|token|credential|key)[^\"']*[\"'][^>]*\\bvalue\\s*=\\s*[\"'])([^\"']+)([\"'])", RegexOptions.IgnoreCase)]
    private static partial Regex NamedElement();

    [GeneratedRegex("(\\b(?:password|passwd|secret|token)\\s*=\\s*[\"'])([^\"']+)([\"'])", RegexOptions.IgnoreCase)]
    private static partial Regex NamedAttribute();

    /// <summary>As shells and programs write it: NAME=value, name: value, --name value.</summary>
    [GeneratedRegex("(?<![A-Za-z])([A-Za-z0-9_-]*(?:password|passwd|secret|token|apikey|api_key)[A-Za-z0-9_]*(?:\\s*[=:]\\s*|\\s+(?=\\S*\\d)))(?![\"']?\\(removed\\))[^\\s\"',;]+", RegexOptions.IgnoreCase)]
    private static partial Regex NamedValue();

    [GeneratedRegex("(url\\s*=\\s*[\"']https?://[^/\"']+)[^\"']*([\"'])")]
    private static partial Regex HookUrl();
}
