using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HaMirror.Core.Configuration;

/// <summary>POSIX extended regular expressions on .NET's engine.</summary>
/// <remarks>
/// What differs is translated: in brackets a backslash is itself and <c>[:alpha:]</c> names a class; <c>^</c> and <c>$</c>
/// are the ends of the whole text; <c>.</c> matches every character. Matching takes linear time whatever the expression,
/// because it runs inside the file system.
/// </remarks>
public static class PosixExpression
{
    /// <summary>Longer is a mistake, and bounds the automaton.</summary>
    public const int LengthMax = 1024;

    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["alpha"] = "a-zA-Z", ["digit"] = "0-9", ["alnum"] = "a-zA-Z0-9", ["upper"] = "A-Z", ["lower"] = "a-z",
        ["space"] = @"\x20\x09-\x0d", ["blank"] = @"\x20\x09", ["punct"] = @"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
        ["xdigit"] = "0-9A-Fa-f", ["cntrl"] = @"\x00-\x1f\x7f", ["print"] = @"\x20-\x7e", ["graph"] = @"\x21-\x7e",
    };

    /// <summary>Compiles the expression.</summary>
    /// <exception cref="FormatException">It is malformed; the message is a clause that says how.</exception>
    public static Regex Compile(string expression)
    {
        if (expression.Length is 0 or > LengthMax)
        {
            throw new FormatException($"an expression has 1 to {LengthMax} characters");
        }

        var translated = Translate(expression);
        try
        {
            return new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw new FormatException("the expression is malformed: check its brackets, parentheses and repetitions", failure);
        }
    }

    private static string Translate(string expression)
    {
        var result = new StringBuilder(expression.Length + 16);
        for (var index = 0; index < expression.Length; index++)
        {
            switch (expression[index])
            {
                case '\\' when index + 1 == expression.Length:
                    throw new FormatException("the expression ends in a lone backslash");
                case '\\':
                    // POSIX knows only escaped punctuation; \d and the like are .NET's and other nodes' surprise.
                    index++;
                    if (char.IsAsciiLetterOrDigit(expression[index]))
                    {
                        throw new FormatException($"\"\\{expression[index]}\" is not part of POSIX extended expressions; use a class such as [[:digit:]]");
                    }

                    result.Append(Regex.Escape(expression[index].ToString()));
                    break;
                case '[':
                    index = TranslateBracket(expression, index, result);
                    break;
                case '(' when index + 1 < expression.Length && expression[index + 1] == '?':
                    throw new FormatException("\"(?\" is not part of POSIX extended expressions");
                case '^':
                    result.Append(@"\A");
                    break;
                case '$':
                    result.Append(@"\z");
                    break;
                default:
                    result.Append(expression[index]);
                    break;
            }
        }

        return result.ToString();
    }

    /// <summary>Translates the bracket that opens at <paramref name="index"/>; returns the index of its end.</summary>
    private static int TranslateBracket(string expression, int index, StringBuilder result)
    {
        result.Append('[');
        index++;
        if (index < expression.Length && expression[index] == '^')
        {
            result.Append('^');
            index++;
        }

        for (var first = index; index < expression.Length; index++)
        {
            var letter = expression[index];
            var next = index + 1 < expression.Length ? expression[index + 1] : '\0';
            if (letter == ']' && index > first)
            {
                result.Append(']');
                return index;
            }

            if (letter == '[' && next is '.' or '=')
            {
                throw new FormatException("collating elements and equivalence classes are not supported");
            }

            if (letter == '[' && next == ':')
            {
                var end = expression.IndexOf(":]", index + 2, StringComparison.Ordinal);
                var name = end < 0 ? "" : expression[(index + 2)..end];
                if (!Classes.TryGetValue(name, out var set))
                {
                    throw new FormatException($"\"[:{name}:]\" is no character class; known: {string.Join(", ", Classes.Keys)}");
                }

                result.Append(set);
                index = end + 1;
            }
            else if (letter == '-' && index > first && next != ']' && next != '\0')
            {
                result.Append('-');
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            }
        }

        throw new FormatException("a bracket is not closed");
    }
}
