// change list, finish, undo: changes of both nodes that were cut short.
using System.CommandLine;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>change</c>.</summary>
internal static class ChangeVerbs
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("change", "Changes of both nodes' configuration that are not over.");
        var list = new Command("list", "Show them, and what they wait for.");
        list.SetAction(async (_, cancellation) =>
        {
            var open = await invocation.Agent.GetAsync(ConsolePath.Changes, ConsoleJson.Default.ImmutableArrayChangeStatus, cancellation);
            foreach (var change in open)
            {
                var what = change.Module.Length == 0 ? "cluster" : change.Module;
                invocation.Screen.MarkupLine(Markup.Escape($"{change.Id}  {what}  {change.Kind} by {change.By}, {change.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}: {change.State}. {change.Sentence}"));
            }

            if (open.IsEmpty) invocation.Screen.MarkupLine("No change is open on this node.");
            return ExitCode.Done;
        });
        examples[list] = "hamirror change list";
        group.Add(list);
        AddEnd(group, invocation, examples, "finish", "Carry one out on this node alone. Only when the other node is gone for good.", HttpMethod.Post, "/finish", "carried out here");
        AddEnd(group, invocation, examples, "undo", "Forget one that is not decided, on this node alone. Only when the other node is gone for good.", HttpMethod.Delete, "", "forgotten here");
        examples[group] = "hamirror change list";
        root.Add(group);
    }

    private static void AddEnd(
        Command group, Invocation invocation, Dictionary<Command, string> examples, string verb, string description, HttpMethod method, string below, string done)
    {
        var id = new Argument<string>("CHANGE") { Description = "As 'hamirror change list' shows it" };
        var command = new Command(verb, description) { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            var change = parsed.GetRequiredValue(id);
            await invocation.Agent.SendAsync(method, ConsolePath.Change(change) + below, null, cancellation);
            invocation.Screen.MarkupLine(Markup.Escape($"{change}: {done}."));
            return ExitCode.Done;
        });
        examples[command] = $"hamirror change {verb} 5b0f7c8e2d6a4b1c9e3f5a7d8c0b2e4f";
        group.Add(command);
    }
}
