// status: what an operator looks at first.
using System.CommandLine;
using System.Text.Json;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>status</c>.</summary>
internal static class StatusVerb
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on showing it until ^C." };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs; one line with --watch." };
        var quiet = new Option<bool>("--quiet")
        {
            Description = "Print nothing; exit with STOP 0, WAIT 1, ALONE 2, PRIM 3, SECOND 4, anything else 9.",
        };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "What each module uses of the kernel, too." };
        var command = new Command("status", "Show the node and its modules: state, replica, peer, resync, what to do.")
        {
            module, watch, json, quiet, verbose,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var given = parsed.GetValue(module) ?? invocation.Variable("SAFEMODULE");
            var only = given == ModuleChoice.All ? null : given;
            if (parsed.GetValue(quiet))
            {
                return ExitCode.OfState((await OneAsync(invocation, only, cancellation)).State);
            }

            var asJson = parsed.GetValue(json);
            do
            {
                var status = await FetchAsync(invocation, only, cancellation);
                Show(invocation, status, asJson, parsed.GetValue(watch), parsed.GetValue(verbose));
                if (parsed.GetValue(watch))
                {
                    await Task.Delay(WatchPeriod, cancellation);
                }
            }
            while (parsed.GetValue(watch));
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror status                 everything on this node
            hamirror status -m vm1 --watch  one module, again every second
            hamirror status --json | jq -r '.modules[] | .module + " " + .state + " " + .phase'
            hamirror status -m vm1 --quiet; [ $? -eq 3 ] && echo "it is PRIM here"
            """;
        root.Add(command);
    }

    private static async Task<ModuleStatus> OneAsync(Invocation invocation, string? only, CancellationToken cancellation)
    {
        var names = await ModuleChoice.ResolveAsync(invocation, only, harmless: false, "status", cancellation);
        return names.Count == 1
            ? await invocation.Agent.GetAsync(ApiPath.Module(names[0]), ApiJson.Default.ModuleStatus, cancellation)
            : throw new RefusedException(ExitCode.Usage, "--quiet answers for one module; name it with -m.");
    }

    private static async Task<NodeStatus> FetchAsync(Invocation invocation, string? only, CancellationToken cancellation)
    {
        var node = await invocation.Agent.GetAsync(ApiPath.Status, ApiJson.Default.NodeStatus, cancellation);
        if (only is null)
        {
            return node;
        }

        var one = await invocation.Agent.GetAsync(ApiPath.Module(only), ApiJson.Default.ModuleStatus, cancellation);
        return node with { Modules = [one] };
    }

    private static void Show(Invocation invocation, NodeStatus status, bool asJson, bool again, bool verbose)
    {
        if (asJson)
        {
            var options = new JsonWriterOptions { Indented = !again };
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, options))
            {
                JsonSerializer.Serialize(writer, status, ApiJson.Default.NodeStatus);
            }

            invocation.Output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
            invocation.Output.Flush();
            return;
        }

        if (again && invocation.Screen.Profile.Out.IsTerminal)
        {
            invocation.Screen.Clear();
        }

        StatusView.Write(invocation.Screen, status, DateTimeOffset.UtcNow, verbose);
    }
}
