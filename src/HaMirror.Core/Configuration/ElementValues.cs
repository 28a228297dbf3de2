using System.Globalization;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>Reads the values of one element that <see cref="VocabularyCheck"/> has found good. Null element: defaults.</summary>
internal readonly record struct ElementValues(XElement? Element, KnownElement Known)
{
    public bool Has(string name) => Element?.Attribute(name) is not null;

    /// <summary>The attribute itself, to say where something is wrong; the element when the attribute is not there.</summary>
    public XObject At(string name) =>
        (XObject?)Element?.Attribute(name) ?? Element ?? throw new InvalidOperationException($"{Known.Name} is not in the file");

    public string? TextOrNull(string name) => Element?.Attribute(Known[name].Name)?.Value ?? Known[name].Default;

    public string Text(string name) =>
        TextOrNull(name) ?? throw new InvalidOperationException($"{Known.Name}.{name} has neither a value nor a default");

    public bool OnOff(string name) => Text(name) is "on" or "yes";

    public long? WholeOrNull(string name) =>
        TextOrNull(name) is { } text ? long.Parse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;

    public int Whole(string name) => checked((int)long.Parse(Text(name).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));

    public TimeSpan? DurationOrNull(string name)
    {
        var row = Known[name];
        if (TextOrNull(name) is not { } text)
        {
            return null;
        }

        return TimeUnits.TryParse(text, row.Unit, row.ZeroAllowed, out var duration, out var refusal)
            ? duration
            : throw new InvalidOperationException($"{Known.Name}.{name} {refusal}");
    }

    public TimeSpan Duration(string name) =>
        DurationOrNull(name) ?? throw new InvalidOperationException($"{Known.Name}.{name} has neither a value nor a default");

    public ElementValues Child(string name)
    {
        var known = Row(name);
        return new ElementValues(Element?.Element(name), known);
    }

    public IEnumerable<ElementValues> ChildrenNamed(string name)
    {
        var known = Row(name);
        return (Element?.Elements(name) ?? []).Select(child => new ElementValues(child, known));
    }

    private KnownElement Row(string name)
    {
        foreach (var child in Known.Children)
        {
            if (child.Name == name)
            {
                return child;
            }
        }

        throw new ArgumentException($"the vocabulary of {Known.Name} has no element {name}", nameof(name));
    }
}
