// What two files of a module say differently, whatever they look like: macros are expanded, what is left out has its default, and
// elements of one name are told apart by what names them.
using System.Collections.Immutable;
using System.Xml;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>One setting that differs.</summary>
/// <param name="Setting">Its elements, those that may stand many times with their name in brackets, and the attribute after a blank:
/// <c>service/check/tcp[port] action</c>. Without an attribute: the element as a whole.</param>
/// <param name="Before">Null: the element is new.</param>
/// <param name="After">Null: the element is gone.</param>
/// <param name="Line">In the newer file; 0 where it does not stand there.</param>
public sealed record SettingChange(string Setting, string? Before, string? After, int Line);

/// <summary>Compares two files that can be read.</summary>
public static class ConfigurationDifference
{
    /// <summary>What names an element among others of its kind, first that it has.</summary>
    private static readonly ImmutableArray<string> Naming = ["name", "ident", "dir", "path", "regexpath", "addr"];

    /// <summary>Elements without which everything is as with an empty one.</summary>
    private static readonly ImmutableHashSet<string> Implied = ["heart", "check", "failover"];

    /// <summary>Empty when a file cannot be read, too: its faults are told elsewhere.</summary>
    public static ImmutableArray<SettingChange> Of(string before, string after, string module, IReadOnlyDictionary<string, string> environment)
    {
        if (Settings(before, module, environment) is not { } old || Settings(after, module, environment) is not { } now) return [];
        return
        [
            .. from setting in old.Keys.Union(now.Keys)
               let one = old.GetValueOrDefault(setting)
               let two = now.GetValueOrDefault(setting)
               where one.Value != two.Value
               orderby two.Line, setting
               select new SettingChange(setting, one.Value, two.Value, two.Line),
        ];
    }

    private static Dictionary<string, (string? Value, int Line)>? Settings(string text, string module, IReadOnlyDictionary<string, string> environment)
    {
        if (ModuleXml.Load(text, module, environment) is not { } root) return null;
        var settings = new Dictionary<string, (string? Value, int Line)>(StringComparer.Ordinal);
        if (ModuleVocabulary.Root.Children.First(child => child.Name == "service") is var known && root.Element("service") is { } service)
            Add(service, known, "service", settings);
        return settings;
    }

    private static void Add(XElement element, KnownElement known, string path, Dictionary<string, (string? Value, int Line)> settings)
    {
        foreach (var row in known.Attributes.Where(row => row.Standing == Standing.Used))
        {
            var attribute = element.Attribute(row.Name);
            if ((attribute?.Value ?? row.Default) is { } value) settings[$"{path} {row.Name}"] = (Plain(value.Trim(), row), Line(attribute ?? (XObject)element));
        }

        var text = string.Join('\n', element.Nodes().OfType<XText>().Select(node => node.Value.Trim()).Where(one => one.Length > 0));
        if (text.Length > 0) settings[path + " text"] = (text, Line(element));
        foreach (var row in known.Children.Where(row => row.Standing == Standing.Used))
        {
            var children = element.Elements(row.Name).ToList();
            if (children.Count == 0 && Implied.Contains(row.Name)) children.Add(new XElement(row.Name));
            for (var index = 0; index < children.Count; index++)
            {
                var child = children[index];
                var below = $"{path}/{row.Name}{(row.Many ? $"[{Name(child, index)}]" : "")}";
                if (settings.ContainsKey(below)) below += $"[{index + 1}]";
                settings[below] = ("", Line(child));
                Add(child, row, below, settings);
            }
        }
    }

    private static string Name(XElement element, int index) =>
        Naming.Select(naming => element.Attribute(naming)?.Value).FirstOrDefault(value => value is not null)
        ?? (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>So that <c>yes</c> is <c>on</c>, and 60s is 1m.</summary>
    private static string Plain(string value, KnownAttribute row) => row.Kind switch
    {
        ValueKind.OnOff => value is "on" or "yes" ? "on" : "off",
        ValueKind.Duration when TimeUnits.TryParse(value, row.Unit, zeroAllowed: true, out var duration, out _) => Words(duration),
        _ => value,
    };

    private static string Words(TimeSpan duration)
    {
        foreach (var unit in new[] { TimeUnit.Day, TimeUnit.Hour, TimeUnit.Minute, TimeUnit.Second, TimeUnit.Millisecond })
        {
            if (duration.Ticks % unit.Length().Ticks == 0) return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{duration.Ticks / unit.Length().Ticks}{unit.Suffix()}");
        }

        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{duration.Ticks / TimeUnit.Microsecond.Length().Ticks}us");
    }

    private static int Line(XObject at) => at is IXmlLineInfo info && info.HasLineInfo() ? info.LineNumber : 0;
}
