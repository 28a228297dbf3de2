using System.Globalization;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>Holds a file against the vocabulary: expands macros, refuses what is unknown or malformed, notes what is
/// without effect. After it found nothing to refuse, every value can be read without a further look.</summary>
internal sealed class VocabularyCheck(ReadingContext context, MacroTable macros)
{
    public void Check(XElement element, KnownElement known)
    {
        if (known.Standing != Standing.Used)
        {
            context.Note(element, $"element \"{known.Name}\" {Reason(known.Standing)}: {known.Meaning}");
            return;
        }

        foreach (var attribute in element.Attributes())
        {
            CheckAttribute(attribute, known);
        }

        foreach (var row in known.Attributes.Where(row => row.Required && element.Attribute(row.Name) is null))
        {
            context.Refuse(element, $"element \"{known.Name}\" needs the attribute \"{row.Name}\" ({row.Meaning})");
        }

        CheckText(element, known);
        CheckChildren(element, known);
    }

    private void CheckChildren(XElement element, KnownElement known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var child in element.Elements())
        {
            var name = child.Name.LocalName;
            var row = known.Children.FirstOrDefault(candidate => candidate.Name == name);
            if (row is null || child.Name.NamespaceName.Length > 0)
            {
                context.Refuse(child, $"unknown element \"{name}\" in \"{known.Name}\"{NearestName.Hint(name, [.. known.Children.Select(candidate => candidate.Name)])}");
                continue;
            }

            if (!seen.Add(name) && !row.Many)
            {
                context.Refuse(child, $"a second element \"{name}\": \"{known.Name}\" has at most one");
                continue;
            }

            Check(child, row);
            if (name == "macro" && !context.Failed)
            {
                Define(child);
            }
        }

        foreach (var row in known.Children.Where(row => row.Required && !seen.Contains(row.Name)))
        {
            context.Refuse(element, $"element \"{known.Name}\" needs an element \"{row.Name}\" ({row.Meaning})");
        }
    }

    private void Define(XElement macro)
    {
        var name = macro.Attribute("name")!.Value;
        if (!MacroTable.IsName(name))
        {
            context.Refuse(macro, $"\"{name}\" is no name of a macro: use letters, digits and underscores, no digit first");
        }
        else if (!macros.TryDefine(name, macro.Attribute("value")?.Value ?? ""))
        {
            context.Refuse(macro, $"macro \"{name}\" is defined twice");
        }
    }

    private void CheckText(XElement element, KnownElement known)
    {
        foreach (var text in element.Nodes().OfType<XText>().Where(text => !string.IsNullOrWhiteSpace(text.Value)))
        {
            if (!known.HasText)
            {
                context.Refuse(text, $"element \"{known.Name}\" has no text; values are attributes");
                continue;
            }

            text.Value = macros.Expand(text.Value, keepUnknown: true, out var refusal);
            if (refusal is not null)
            {
                context.Refuse(text, refusal);
            }
        }
    }

    private void CheckAttribute(XAttribute attribute, KnownElement known)
    {
        var name = attribute.Name.LocalName;
        var row = known.Attributes.FirstOrDefault(candidate => candidate.Name == name);
        if (row is null || attribute.Name.NamespaceName.Length > 0 || attribute.IsNamespaceDeclaration)
        {
            context.Refuse(attribute, $"unknown attribute \"{name}\" of \"{known.Name}\"{NearestName.Hint(name, [.. known.Attributes.Select(candidate => candidate.Name)])}");
            return;
        }

        if (row.Standing is Standing.Legacy or Standing.Windows)
        {
            context.Note(attribute, $"attribute \"{name}\" of \"{known.Name}\" {Reason(row.Standing)}: {row.Meaning}");
            return;
        }

        attribute.Value = macros.Expand(attribute.Value, row.Kind == ValueKind.FreeText, out var refusal);
        refusal ??= Refusal(attribute.Value, row);
        if (refusal is not null)
        {
            context.Refuse(attribute, $"attribute \"{name}\" of \"{known.Name}\": {refusal}");
        }
        else if (row.Standing == Standing.WithoutEffect)
        {
            context.Note(attribute, $"attribute \"{name}\" of \"{known.Name}\" {Reason(row.Standing)}: {row.Meaning}");
        }
    }

    private static string? Refusal(string value, KnownAttribute row)
    {
        switch (row.Kind)
        {
            case ValueKind.OnOff:
                return value is "on" or "off" or "yes" or "no" ? null : $"\"{Clip(value)}\" is neither \"on\" nor \"off\"";
            case ValueKind.Whole:
                return long.TryParse(value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    && number >= row.Least && number <= row.Most
                    ? null
                    : $"\"{Clip(value)}\" is no whole number from {row.Least} to {row.Most}";
            case ValueKind.Duration:
                return TimeUnits.TryParse(value, row.Unit, row.ZeroAllowed, out _, out var refusal) ? null : $"\"{Clip(value)}\" {refusal}";
            case ValueKind.Choice:
                return row.Choices.Contains(value) ? null
                    : $"\"{Clip(value)}\" is not known here{NearestName.Hint(value, row.Choices)}";
            case ValueKind.Text:
            case ValueKind.FreeText:
                return row.Required && value.Trim().Length == 0 ? $"it is empty; it is {row.Meaning}" : null;
            default:
                throw new InvalidOperationException($"kind {row.Kind} of {row.Name} has no judge");
        }
    }

    /// <summary>Keeps a message readable whatever the value.</summary>
    internal static string Clip(string value) => value.Length <= 80 ? value : value[..77] + "...";

    private static string Reason(Standing standing) => standing switch
    {
        Standing.Legacy => "is of old releases and has no effect",
        Standing.Windows => "concerns Windows and has no effect",
        _ => "has no effect",
    };
}
