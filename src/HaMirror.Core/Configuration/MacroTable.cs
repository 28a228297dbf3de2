using System.Text;

namespace HaMirror.Core.Configuration;

/// <summary>The macros of one file over the environment; a macro wins (reference, section 2.1).</summary>
internal sealed class MacroTable(IReadOnlyDictionary<string, string> environment)
{
    /// <summary>Longest value after expansion, in characters.</summary>
    public const int ValueLengthMax = 32 * 1024;

    /// <summary>All expansions of one file together, in characters: macros made of macros grow by powers.</summary>
    public const int ExpandedLengthMax = 4 << 20;

    private readonly Dictionary<string, string> _macros = new(StringComparer.Ordinal);
    private int _expanded;

    public bool TryDefine(string name, string value) => _macros.TryAdd(name, value);

    /// <summary>Replaces every <c>%NAME%</c>.</summary>
    /// <param name="keepUnknown">An unknown name stays as it is unless it looks like a mistyped macro: a command may well
    /// contain <c>%Y%m</c>.</param>
    /// <param name="refusal">A sentence, or null when the result is good.</param>
    public string Expand(string text, bool keepUnknown, out string? refusal)
    {
        refusal = null;
        var start = text.IndexOf('%', StringComparison.Ordinal);
        if (start < 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        result.Append(text, 0, start);
        while (start < text.Length)
        {
            var end = text.IndexOf('%', start + 1);
            if (text[start] != '%' || end < 0 || !IsName(text.AsSpan(start + 1, end - start - 1)))
            {
                var next = text.IndexOf('%', start + 1);
                next = next < 0 ? text.Length : next;
                result.Append(text, start, next - start);
                start = next;
                continue;
            }

            var name = text[(start + 1)..end];
            if (_macros.TryGetValue(name, out var value) || environment.TryGetValue(name, out value))
            {
                result.Append(value);
            }
            else if (keepUnknown && NearestName.Find(name, _macros.Keys.Where(key => key.Length > 2)) is null)
            {
                // The closing % may open the next name.
                result.Append('%').Append(name);
                start = end;
                continue;
            }
            else
            {
                refusal = $"no macro and no environment variable is named \"{name}\"{NearestName.Hint(name, _macros.Keys)}";
                return text;
            }

            start = end + 1;
            if (result.Length > ValueLengthMax || (_expanded += value.Length) > ExpandedLengthMax)
            {
                refusal = $"macros make this value longer than {ValueLengthMax} characters, or all values together longer than {ExpandedLengthMax}";
                return text;
            }
        }

        return result.ToString();
    }

    /// <summary>Letters, digits and underscores, not beginning with a digit, as in the shell.</summary>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var letter in name)
        {
            if (letter != '_' && !char.IsAsciiLetterOrDigit(letter))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= 128 && !char.IsAsciiDigit(name[0]);
    }
}
