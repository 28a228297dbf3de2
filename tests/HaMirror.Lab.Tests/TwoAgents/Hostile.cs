// What an attacker puts where a name, a path, a number or a text is expected. Invariants: each text that could escape from a directory
// carries Mark, so that a file of that name anywhere betrays it; each that could forge a line of a log begins that line with Forged.
using System.Text;
using System.Text.Json.Nodes;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Texts and values that no input expects.</summary>
internal static class Hostile
{
    /// <summary>In the name of whatever escapes.</summary>
    public const string Mark = "hm-escaped-7f3a";

    /// <summary>Begins a line that nobody of this product has written.</summary>
    public const string Forged = "2026-11-26T00:00:00.000+00:00 Critical forged";

    /// <summary>What a file that must not be read holds; see <see cref="Texts"/>.</summary>
    public const string Secret = "canary-9b1c-this-must-not-be-shown";

    private const string Laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]><safe>&d;</safe>";

    /// <param name="canary">An absolute path of a file that holds <see cref="Secret"/>.</param>
    public static IReadOnlyList<string> Texts(string canary) =>
    [
        "", " ", ".", "..", "../" + Mark, "../../../../../../../../etc/" + Mark, "..\\..\\" + Mark, "/" + Mark + "/../../" + Mark, "m1/../" + Mark, "./m1", "m1/", "m1//x",
        "%2e%2e%2f" + Mark, "..%2f" + Mark, "..%252f" + Mark, "%00", "m1%00", "m1\0.xml", "\0", "~", "$HOME", "$(touch /tmp/" + Mark + ")", "`touch /tmp/" + Mark + "`", "; touch /tmp/" + Mark, "-rf", "--help",
        canary, "file://" + canary, "../../../../../../../.." + canary,
        "x\r\n" + Forged, "x\n" + Forged, "x\u2028" + Forged, "x\u0085" + Forged, "x\r\nSet-Cookie: a=b", "\u001b[2J\u001b]0;owned\u0007", "\b\b\b", "a\tb", "\u202Eevil", "\uFEFFx", "\uFFFF",
        "m１", "ｍ1", "аdmin", "m1\u200B", "e\u0301", "𝓶1", "ﬁle", "İ", "ß",
        "<x>", "\"><evil/>", "]]>", "&a;", "<!--", "<?xml version=\"1.0\"?>", "%HAMIRROR_ROOT%", "%A%", "{0}", "{Line}", "%s%n%x", "'; DROP TABLE users; --", "{\"a\":1}", "null", "true", "-1", "0", "1e309", "99999999999999999999", "NaN", "0x10",
        $"<!DOCTYPE safe SYSTEM \"file://{canary}\"><safe/>", $"<!DOCTYPE safe [<!ENTITY x SYSTEM \"file://{canary}\">]><safe><macro name=\"A\" value=\"&x;\"/></safe>", Laughs,
        new string('a', 65), new string('a', 300), string.Concat(Enumerable.Repeat("../", 500)) + Mark, new string('é', 2000), string.Concat(Enumerable.Repeat("(", 900)), "((a{1000}){1000}){1000}",
    ];

    /// <summary>Values of other kinds than the member's, as JSON.</summary>
    public static readonly IReadOnlyList<string> Values =
    [
        "null", "true", "-1", "0", "1e308", "-1e308", "9223372036854775808", "1.5", "[]", "{}", "[null]", "[[]]", "{\"a\":null}", "\"\"", "[\"x\",null]", "[{}]", "\"\\ud800\"", "\"\\udc00x\"",
    ];

    /// <summary>Bodies that are none.</summary>
    public static IEnumerable<string> Bodies()
    {
        yield return "";
        yield return "null";
        yield return "[]";
        yield return "\"x\"";
        yield return "1";
        yield return "{";
        yield return "{\"a\":";
        yield return "<safe/>";
        yield return "\0";
        yield return "{\"by\":\"\\u0000\"}";
        yield return "{\"name\":\"a\",\"name\":\"b\"}";
        yield return "{\"$type\":\"System.Diagnostics.Process\",\"__proto__\":{}}";
        yield return new string('[', 2000);
        yield return string.Concat(Enumerable.Repeat("{\"a\":", 2000)) + "1" + new string('}', 2000);
        yield return "{\"by\":\"" + new string('x', 70_000) + "\"}";
    }

    /// <summary>As a part of a path: once as a browser would write it, once with nothing escaped but what would end the line.</summary>
    public static IEnumerable<string> InPath(string text)
    {
        yield return Uri.EscapeDataString(text);
        if (text.All(letter => letter is > ' ' and < (char)127 and not ('?' or '#'))) yield return text;
    }

    /// <summary>The value as JSON has it.</summary>
    public static JsonNode? Json(string value) => JsonNode.Parse(value);

    public static string Shown(string text) => new StringBuilder(text.Length > 80 ? text[..80] + "..." : text).Replace("\0", "\\0").Replace("\r", "\\r").Replace("\n", "\\n").ToString();
}
