using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>Reads the text of the failover section (reference, section 2.8).</summary>
/// <remarks>
/// Understood is <c>label: if (class.id == state) then action();</c>, which changes what a checker's failure leads to. Any other
/// rule is left out with a note that names its label, because half-understood rules would act at the wrong moment.
/// </remarks>
internal static partial class FailoverRules
{
    public static IReadOnlyList<FailoverRule> Read(ElementValues failover, ReadingContext context)
    {
        var rules = new List<FailoverRule>();
        if (failover.Element is not { } element)
        {
            return rules;
        }

        if (failover.Text("extends") == "no")
        {
            context.Note(element, "failover extends=\"no\" has no effect: built-in rules always hold");
        }

        var text = Comment().Replace(element.Value, " ");
        if (text.Contains("--Lua Rules", StringComparison.Ordinal))
        {
            context.Note(element, "failover rules in Lua are not evaluated; the actions of the checkers hold");
            return rules;
        }

        foreach (var statement in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Add(statement, element, rules, context);
        }

        return rules;
    }

    private static void Add(string statement, XElement element, List<FailoverRule> rules, ReadingContext context)
    {
        var simple = Simple().Match(statement);
        if (simple.Success && CheckReader.Action(simple.Groups["action"].Value) is { } action)
        {
            rules.Add(new FailoverRule(simple.Groups["label"].Value, simple.Groups["resource"].Value, simple.Groups["state"].Value, action));
            return;
        }

        var label = Label().Match(statement);
        if (label.Success)
        {
            context.Note(element, $"failover rule \"{label.Groups[1].Value}\" is not of the form \"label: if (class.id == down) then action();\" and is not evaluated");
        }
        else
        {
            context.Refuse(element, $"\"{VocabularyCheck.Clip(statement)}\" is no failover rule; write \"label: if (class.id == down) then action();\"");
        }
    }

    [GeneratedRegex(@"\A(?<label>\w{1,64})\s*:\s*if\s*\(\s*(?:local\.)?(?<resource>[\w-]{1,64}\.[\w.-]{1,128})\s*==\s*(?<state>init|up|down)\s*\)\s*then\s+(?<action>\w{1,16})\s*\(\s*\)\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Simple();

    [GeneratedRegex(@"\A(\w{1,64})\s*:", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex(@"/\*([^*]|\*+[^*/])*\*+/|//[^\n]*", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Comment();
}
