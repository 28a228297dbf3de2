// key add, list, remove: what scripts and monitors prove themselves with.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>key</c>.</summary>
internal static class KeyVerbs
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("key", "Make keys for scripts and monitors that use the API over the network.");
        AddAdd(group, invocation, examples);
        AddList(group, invocation, examples);
        AddRemove(group, invocation, examples);
        examples[group] = """
            hamirror key add prometheus --role monitor
            hamirror key list
            """;
        root.Add(group);
    }

    private static void AddAdd(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = new Argument<string>("NAME") { Description = "What the log shows, e.g. prometheus" };
        var role = UserVerbs.Role("monitor");
        var command = new Command("add", "Make a key and print it, once: only its hash is kept.") { name, role };
        command.SetAction(async (parsed, cancellation) =>
        {
            var made = await invocation.Agent.PostAsync(
                ConsolePath.Keys, new KeyAddRequest(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role)),
                ConsoleJson.Default.KeyAddRequest, ConsoleJson.Default.KeyMade, cancellation);
            invocation.Output.WriteLine(made.Key);
            return ExitCode.Done;
        });
        examples[command] = """
            (umask 077; hamirror key add prometheus --role monitor > /etc/prometheus/hamirror.key)
            curl -H "Authorization: Bearer $(cat hamirror.key)" http://localhost:9010/v1/status
            """;
        group.Add(command);
    }

    private static void AddList(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("list", "List the keys and their roles.");
        command.SetAction(async (_, cancellation) =>
        {
            var keys = await invocation.Agent.GetAsync(ConsolePath.Keys, ConsoleJson.Default.ImmutableArrayKeyStatus, cancellation);
            foreach (var key in keys)
            {
                invocation.Screen.MarkupLine($"{Markup.Escape(key.Name),-24} {key.Role,-8} made {key.Made.ToLocalTime():yyyy-MM-dd HH:mm}");
            }

            if (keys.IsEmpty)
            {
                invocation.Screen.MarkupLine("There is no key yet: 'hamirror key add NAME --role monitor'.");
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror key list";
        group.Add(command);
    }

    private static void AddRemove(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = new Argument<string>("NAME") { Description = "As 'key list' shows it", HelpName = "NAME" };
        name.CompletionSources.Add(_ => Names(invocation));
        var command = new Command("remove", "Remove a key: whoever has it is refused from now on.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await invocation.Agent.SendAsync(HttpMethod.Delete, ConsolePath.Key(parsed.GetRequiredValue(name)), null, cancellation);
            return ExitCode.Done;
        });
        examples[command] = "hamirror key remove prometheus";
        group.Add(command);
    }

    private static IEnumerable<string> Names(Invocation invocation) => Completion.Of(
        invocation, ConsolePath.Keys, ConsoleJson.Default.ImmutableArrayKeyStatus, keys => keys.Select(key => key.Name));
}
