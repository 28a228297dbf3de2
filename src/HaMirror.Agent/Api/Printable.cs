using System.Globalization;
using System.Text;

namespace HaMirror.Agent.Api;

/// <summary>Text of a caller's that is shown again: in a log, a refusal or on a terminal it must stay what it is, one short line.</summary>
internal static class Printable
{
    private const int LengthMax = 120;

    public static string Of(string text) => Clean(text.Length > LengthMax ? text[..LengthMax] : text);

    /// <summary>Nothing that ends a line, moves a cursor, or turns the order of letters around; as long as it was.</summary>
    public static string Clean(string text) => text.All(IsShown) ? text : Replaced(text, keepLines: false);

    /// <summary>As above, of a text of several lines.</summary>
    public static string CleanLines(string text) => text.All(IsShown) ? text : Replaced(text, keepLines: true);

    private static string Replaced(string text, bool keepLines)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var letter in text) clean.Append(IsShown(letter) || (keepLines && letter is '\n' or '\t') ? letter : '?');
        return clean.ToString();
    }

    /// <summary>Pairs of surrogates are letters beyond the first plane; of those none moves anything.</summary>
    private static bool IsShown(char letter) => char.GetUnicodeCategory(letter) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
