using System.Globalization;
using System.Text;

namespace HaMirror.Core.Configuration;

/// <summary>Writes the reference of the configuration files from the vocabulary that parses them.</summary>
/// <remarks><c>docs/configuration.md</c> is this text; a test keeps it so.</remarks>
public static class ConfigurationManual
{
    /// <summary>The reference in Markdown.</summary>
    public static string Text()
    {
        var text = new StringBuilder();
        text.Append("""
            # cluster.xml, userconfig.xml, console.xml and notify.xml

            Made from the table that reads the files (`ModuleVocabulary`, `ClusterVocabulary`, `ConsoleConfiguration`,
            `NotifyConfiguration`); change it there.

            * `%NAME%` in a value stands for a macro of the file, else for a variable of the agent's environment; `%SAFEMODULE%`
              is the module's name.
            * A duration is a whole number and one of `d h m s ms us`; without a unit it counts in the unit given below. One that
              would round to zero in that unit is refused.
            * *No effect*: accepted, so that files of SafeKit are read unchanged, and named by `hamirror module check`.
            * *Live*: can change while the module runs, through the console or `hamirror module apply`; *stop* says why another cannot: the
              module is stopped on both nodes first.
            * Anything else is refused with file, line and column. A document type line may stand there; entities may not.


            """);
        Element(text, ClusterVocabulary.Root, "");
        Element(text, ModuleVocabulary.Root, "");
        Element(text, ConsoleConfiguration.Vocabulary, "");
        Element(text, NotifyConfiguration.Vocabulary, "");
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Element(StringBuilder text, KnownElement element, string path)
    {
        path = path.Length == 0 ? element.Name : $"{path} / {element.Name}";
        text.Append(CultureInfo.InvariantCulture, $"## {path}\n\n{Sentence(element)}\n\n");
        if (element.Standing == Standing.Used && !element.Attributes.IsEmpty)
        {
            text.Append("| attribute | value | default | meaning |\n| --- | --- | --- | --- |\n");
            foreach (var row in element.Attributes)
            {
                text.Append(CultureInfo.InvariantCulture, $"| `{row.Name}` | {Value(row)} | {Default(row)} | {Effect(row.Standing)}{Cell(row.Meaning)}{Life(path, row)} |\n");
            }

            text.Append('\n');
        }

        foreach (var child in element.Standing == Standing.Used ? element.Children : [])
        {
            Element(text, child, path);
        }
    }

    /// <summary>Of a module's settings that have an effect: whether they can change while it runs, and if not, why.</summary>
    private static string Life(string path, KnownAttribute row)
    {
        const string module = "safe / service";
        if (row.Standing != Standing.Used || !path.StartsWith(module, StringComparison.Ordinal)) return "";
        var setting = $"{path["safe / ".Length..].Replace(" / ", "/", StringComparison.Ordinal)} {row.Name}";
        return LiveSettings.Of(setting).WhileRunning ? ". *Live*" : LiveSettings.WhyFixed(setting) is { } why ? $". *Stop*: {Cell(why)}" : "";
    }

    private static string Sentence(KnownElement element)
    {
        var number = element.Required ? (element.Many ? " One or more." : " Exactly one.") : element.Many ? " Any number." : "";
        return $"{Effect(element.Standing)}{char.ToUpperInvariant(element.Meaning[0])}{element.Meaning[1..]}.{number}";
    }

    private static string Value(KnownAttribute row) => row.Kind switch
    {
        ValueKind.OnOff => "`on`, `off`",
        ValueKind.Whole => $"{row.Least} to {row.Most}",
        ValueKind.Duration => $"duration ({row.Unit.Suffix()})",
        ValueKind.Choice => string.Join(", ", row.Choices.Select(choice => $"`{choice}`")),
        _ => "text",
    };

    private static string Default(KnownAttribute row) =>
        row.Required ? "required" : row.Default is null ? "none" : row.Default.Length == 0 ? "empty" : $"`{row.Default}`";

    private static string Effect(Standing standing) => standing switch
    {
        Standing.Used => "",
        Standing.Legacy => "*No effect (old releases).* ",
        Standing.Windows => "*No effect (Windows).* ",
        _ => "*No effect.* ",
    };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
