using System.Collections.Immutable;
using System.Xml.Linq;
using HaMirror.Core.Machine;

namespace HaMirror.Core.Configuration;

/// <summary>Reads <c>check</c>: which kind each element is, and what rules of the failover section make of it.</summary>
internal static class CheckReader
{
    private static readonly (string Element, CheckKind Kind)[] Kinds =
    [
        ("tcp", CheckKind.Tcp), ("ping", CheckKind.Ping), ("intf", CheckKind.Interface), ("ip", CheckKind.Ip),
        ("custom", CheckKind.Custom), ("module", CheckKind.Module), ("splitbrain", CheckKind.SplitBrain),
    ];

    public static ImmutableArray<CheckConfiguration> Read(ElementValues check, IReadOnlyList<FailoverRule> rules, ReadingContext context)
    {
        var checks = ImmutableArray.CreateBuilder<CheckConfiguration>();
        var resources = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, kind) in Kinds)
        {
            foreach (var element in check.ChildrenNamed(name))
            {
                var read = Checker(element, kind, context);
                if (!resources.Add(read.Resource))
                {
                    context.Refuse(element.At("ident"), $"two checkers set the resource \"{read.Resource}\"; give one another ident");
                }

                // A rule on exactly this resource says more precisely what its checker's default action says.
                var rule = rules.FirstOrDefault(rule => rule.Resource == read.Resource && rule.State == "down");
                checks.Add(rule is null ? read : read with { Action = rule.Action });
            }
        }

        foreach (var rule in rules.Where(rule => !resources.Contains(rule.Resource)))
        {
            context.Note(check.Element ?? new XElement("check"), $"failover rule \"{rule.Label}\" names \"{rule.Resource}\", which no checker of this file sets; it has no effect");
        }

        return checks.ToImmutable();
    }

    internal static CheckPhase Phase(string text) => text switch
    {
        "pre" => CheckPhase.Pre,
        "second" => CheckPhase.Second,
        "both" => CheckPhase.Both,
        "sec" => CheckPhase.Sec,
        _ => CheckPhase.Prim,
    };

    internal static AutomaticAction? Action(string text) => text switch
    {
        "restart" => AutomaticAction.Restart,
        "stopstart" => AutomaticAction.StopStart,
        "stop" => AutomaticAction.Stop,
        "wait" => AutomaticAction.Wait,
        "swap" => AutomaticAction.Swap,
        _ => null,
    };

    private static CheckConfiguration Checker(ElementValues element, CheckKind kind, ReadingContext context)
    {
        var ident = element.TextOrNull("ident") ?? element.Text("name");
        if (!ident.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.'))
        {
            context.Refuse(element.At("ident"), $"\"{VocabularyCheck.Clip(ident)}\" is no ident: use letters, digits, underscores, dots and hyphens");
        }

        var when = Phase(element.Text("when"));
        var action = Action(element.Text("action"));

        // A module that is not yet serving has nothing to restart (reference: "with when=pre: wait").
        if (kind == CheckKind.Tcp && when == CheckPhase.Pre && !element.Has("action"))
        {
            action = AutomaticAction.Wait;
        }

        var check = new CheckConfiguration(kind, ident, when, action);
        return kind switch
        {
            CheckKind.Custom => check with { Program = Program(element, context), Arguments = Words(element.Text("arg")) },
            CheckKind.SplitBrain => check with { Arguments = Witnesses(element, context) },
            _ => WithTarget(check, element, element.Child("to"), context),
        };
    }

    private static CheckConfiguration WithTarget(CheckConfiguration check, ElementValues element, ElementValues to, ReadingContext context)
    {
        var address = to.TextOrNull(check.Kind == CheckKind.Interface ? "local_addr" : "addr");
        if (address is not null && NetworkAddress.Refusal(address, out address) is { } refusal)
        {
            context.Refuse(to.At(check.Kind == CheckKind.Interface ? "local_addr" : "addr"), refusal);
        }

        check = check with { Address = address };
        return check.Kind switch
        {
            CheckKind.Tcp => check with { Port = to.Whole("port"), Interval = to.Duration("interval"), Timeout = to.Duration("timeout") },
            CheckKind.Ping => check with { Interval = to.Duration("interval"), Timeout = to.Duration("timeout") },
            CheckKind.Ip => check with { Interval = to.Duration("interval") },
            CheckKind.Module => check with { Module = element.Text("name"), Interval = to.Duration("interval"), Timeout = to.Duration("timeout") },
            _ => check,
        };
    }

    private static string Program(ElementValues element, ReadingContext context)
    {
        var program = element.Text("exec");
        if (program.Contains('/', StringComparison.Ordinal) || program is "." or "..")
        {
            context.Refuse(element.At("exec"), $"\"{VocabularyCheck.Clip(program)}\" is a path; give the name of a program in the module's bin directory");
        }

        return program;
    }

    private static ImmutableArray<string> Witnesses(ElementValues element, ReadingContext context)
    {
        var addresses = ImmutableArray.CreateBuilder<string>();
        foreach (var word in Words(element.Text("arg")))
        {
            if (NetworkAddress.Refusal(word, out var address) is { } refusal)
            {
                context.Refuse(element.At("arg"), refusal);
            }

            addresses.Add(address);
        }

        return addresses.ToImmutable();
    }

    private static ImmutableArray<string> Words(string text) =>
        [.. text.Split((char[])[' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)];
}
