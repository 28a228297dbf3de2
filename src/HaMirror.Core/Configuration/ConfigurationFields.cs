// What a form can set in a module's XML: its macros, and its variables for hooks whose value is no macro. The text is changed in
// place, so that comments and everything else stay as somebody wrote them.
using System.Collections.Immutable;
using System.Security;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using HaMirror.Core.Api;

namespace HaMirror.Core.Configuration;

/// <summary>Reads and sets the fields of a module's XML.</summary>
public static partial class ConfigurationFields
{
    private const string Macro = "macro", Variable = "var";

    /// <summary>Empty when the text cannot be read.</summary>
    public static ImmutableArray<ConfigurationField> Of(string text)
    {
        var root = ConfigurationText.Load(text, new ReadingContext(""), comments: true);
        if (root is null) return [];
        return
        [
            .. from element in root.Descendants()
               where element.Name.LocalName is Macro or Variable
               let name = element.Attribute("name")?.Value
               let value = element.Attribute("value")?.Value ?? ""
               where name is not null && (element.Name == Macro || !Reference().IsMatch(value))
               select new ConfigurationField(name, element.Name.LocalName, value, Comment(element), (element as IXmlLineInfo).LineNumber),
        ];
    }

    /// <summary>The comment at the head of the file; empty: none.</summary>
    public static string Description(string text)
    {
        var head = ConfigurationText.Load(text, new ReadingContext(""), comments: true)?.Document?.Nodes().OfType<XComment>().FirstOrDefault();
        return head is null ? "" : Flat(head.Value, "\n");
    }

    /// <summary>The text with these values in the fields of these names.</summary>
    /// <param name="unknown">Names that the text has no field for.</param>
    public static string Set(string text, IReadOnlyDictionary<string, string> values, out ImmutableArray<string> unknown)
    {
        var missing = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, value) in values)
        {
            var field = new Regex($@"(<(?:{Macro}|{Variable})\b[^>]*\bname=""{Regex.Escape(name)}""[^>]*\bvalue="")([^""]*)("")", RegexOptions.None, TimeSpan.FromSeconds(1));
            var found = false;
            text = field.Replace(text, match =>
            {
                if (match.Groups[1].Value.StartsWith("<var", StringComparison.Ordinal) && Reference().IsMatch(match.Groups[2].Value)) return match.Value;
                found = true;
                return match.Groups[1].Value + SecurityElement.Escape(value) + match.Groups[3].Value;
            });
            if (!found) missing.Add(name);
        }

        unknown = missing.ToImmutable();
        return text;
    }

    private static string? Comment(XElement element)
    {
        for (var before = element.PreviousNode; before is not null; before = before.PreviousNode)
        {
            if (before is XComment comment) return Flat(comment.Value, " ");
            if (before is XElement) return null;
        }

        return null;
    }

    private static string Flat(string text, string separator) =>
        string.Join(separator, text.Split('\n').Select(line => line.Trim())).Trim();

    [GeneratedRegex("%[A-Za-z_][A-Za-z0-9_]*%")]
    private static partial Regex Reference();
}
