using System.Xml;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>Turns the text of a configuration file into elements that know their lines, safely.</summary>
/// <remarks>
/// A file of configuration may come from anywhere, so: at most <see cref="LengthMax"/> characters; a document type line is
/// accepted but never read (no internal subset, no external file, hence no entity but the five of XML); nothing outside
/// the text is ever opened.
/// </remarks>
internal static class ConfigurationText
{
    /// <summary>More characters than any configuration has.</summary>
    public const int LengthMax = 1 << 20;

    /// <summary>Deeper than any configuration is.</summary>
    private const int DepthMax = 32;

    /// <param name="comments">Comments are kept, for who wants to know what somebody wrote beside the values.</param>
    public static XElement? Load(string text, ReadingContext context, bool comments = false)
    {
        if (text.Length > LengthMax)
        {
            context.Refuse(0, 0, $"the file has {text.Length} characters; a configuration has at most {LengthMax}. Is it the right file?");
            return null;
        }

        // A byte order mark is no content; the parser would refuse it in a string.
        text = text.TrimStart('\uFEFF');
        if (string.IsNullOrWhiteSpace(text))
        {
            context.Refuse(1, 1, "the file is empty");
            return null;
        }

        if (InternalSubset(text) is { } offset)
        {
            var (line, column) = Position(text, offset);
            context.Refuse(line, column, "a document type with declarations in brackets is not accepted: entities are not supported; use a macro element instead");
            return null;
        }

        return Read(text, context, comments);
    }

    private static XElement? Read(string text, ReadingContext context, bool comments)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Ignore,
            XmlResolver = null,
            MaxCharactersInDocument = LengthMax,
            MaxCharactersFromEntities = 1,
            IgnoreComments = !comments,
            IgnoreProcessingInstructions = true,
        };
        try
        {
            using (var depth = XmlReader.Create(new StringReader(text), settings))
            {
                while (depth.Read())
                {
                    if (depth.Depth > DepthMax && depth is IXmlLineInfo at)
                    {
                        context.Refuse(at.LineNumber, at.LinePosition, $"elements are nested more than {DepthMax} deep");
                        return null;
                    }
                }
            }

            using var reader = XmlReader.Create(new StringReader(text), settings);
            return XDocument.Load(reader, LoadOptions.SetLineInfo).Root;
        }
        catch (XmlException failure)
        {
            // The message of XmlException ends in the position, which stands at the front already.
            var sentence = failure.Message;
            var tail = sentence.IndexOf(" Line ", StringComparison.Ordinal);
            sentence = (tail > 0 ? sentence[..tail] : sentence).TrimEnd('.');
            context.Refuse(failure.LineNumber, failure.LinePosition, $"this is not well-formed XML: {sentence}");
            return null;
        }
    }

    /// <summary>Offset of the bracket that opens declarations inside a document type, or null.</summary>
    private static int? InternalSubset(string text)
    {
        var index = 0;
        while ((index = text.IndexOf('<', index)) >= 0)
        {
            if (StartsAt(text, index, "<!--"))
            {
                index = EndOf(text, index + 4, "-->");
            }
            else if (StartsAt(text, index, "<?"))
            {
                index = EndOf(text, index + 2, "?>");
            }
            else if (StartsAt(text, index, "<!"))
            {
                return Bracket(text, index);
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Looks through one declaration; brackets inside quotes belong to a system identifier.</summary>
    private static int? Bracket(string text, int index)
    {
        var quote = '\0';
        for (; index < text.Length; index++)
        {
            var letter = text[index];
            if (quote != '\0')
            {
                quote = letter == quote ? '\0' : quote;
            }
            else if (letter is '"' or '\'')
            {
                quote = letter;
            }
            else if (letter == '[')
            {
                return index;
            }
            else if (letter == '>')
            {
                return null;
            }
        }

        return null;
    }

    private static bool StartsAt(string text, int index, string token) =>
        string.CompareOrdinal(text, index, token, 0, token.Length) == 0;

    private static int EndOf(string text, int index, string token)
    {
        var end = text.IndexOf(token, index, StringComparison.Ordinal);
        return end < 0 ? text.Length : end + token.Length;
    }

    private static (int Line, int Column) Position(string text, int offset)
    {
        var before = text.AsSpan(0, offset);
        return (before.Count('\n') + 1, offset - before.LastIndexOf('\n'));
    }
}
