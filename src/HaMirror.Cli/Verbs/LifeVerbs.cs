// start, stop, restart, stopstart, swap, attach, force-stop, failover: what changes a module's life. Each returns when the agent
// has accepted it.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of a module's life.</summary>
internal static class LifeVerbs
{
    /// <summary>Adds them all.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        AddStart(root, invocation, examples);
        AddAction(root, invocation, examples, "stop", "Stop the module on this node; the peer, if up to date, takes over.",
            "hamirror stop -m vm1      the VM is shut down here and starts on the peer");
        AddAction(root, invocation, examples, "restart", "Run the stop and start hooks here, without failover.",
            "hamirror restart -m vm1   the VM is shut down and booted on this node");
        AddAction(root, invocation, examples, "stopstart", "Stop and start the module here; the peer may take over meanwhile.",
            "hamirror stopstart -m vm1");
        AddAction(root, invocation, examples, "swap", "Exchange the roles: the VM is shut down here and boots on the peer.",
            "hamirror swap -m vm1      for maintenance of this host; both must be green");
        AddAction(root, invocation, examples, "attach", "Take this node's disk back after it failed and was repaired or replaced.",
            """
            hamirror attach -m vm1    the disk is tried, then everything is compared with the peer
                                      first: 'hamirror swap' while this node still serves; 'hamirror stop' when the
                                      file system has to be unmounted
            """);
        AddAction(root, invocation, examples, "force-stop", "Stop at once: forced hooks, no waiting for the peer.",
            "hamirror force-stop -m vm1   when 'stop' does not come to an end");
        AddFailover(root, invocation, examples);
    }

    private static void AddStart(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var primary = new Option<bool>("--as-primary")
        {
            Description = "Declare this node's data right and run here; the peer's data is made equal to it.",
        };
        var secondary = new Option<bool>("--as-secondary") { Description = "Become SECOND, whatever this node was." };
        var full = new Option<bool>("--full-sync")
        {
            Description = "With --as-secondary: copy everything from the peer, compare nothing.",
        };
        var undo = new Option<bool>("--undo")
        {
            Description = "With --as-primary: undo a resync that did not end, and start with the older replica.",
        };
        var command = new Command("start", "Start the module: it runs here, or becomes SECOND and resyncs.")
        {
            module, primary, secondary, full, undo,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(primary) && result.GetValue(secondary))
            {
                result.AddError("--as-primary and --as-secondary exclude each other.");
            }

            if (result.GetValue(undo) && !result.GetValue(primary))
            {
                result.AddError("--undo goes with --as-primary: it is this node's older replica that is started.");
            }

            if (result.GetValue(full) && !result.GetValue(secondary))
            {
                result.AddError("--full-sync goes with --as-secondary: it is this node's data that is overwritten.");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var role = parsed.GetValue(primary) ? "primary" : parsed.GetValue(secondary) ? "secondary" : null;
            var request = new StartRequest(role, parsed.GetValue(full), invocation.By, null) { Undo = parsed.GetValue(undo) };
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: role is null, "start", cancellation);
            return await EachAsync(invocation, names, name => invocation.Agent.PostAsync(
                ApiPath.Module(name, "start"), request, ApiJson.Default.StartRequest, ApiJson.Default.ActionAccepted,
                cancellation));
        });
        examples[command] = """
            hamirror start --as-primary               the very first start, on the node whose data is right
            hamirror start                            every other start, on both nodes, in any order
            hamirror start -m vm1 --as-secondary      this node shall follow the peer
            hamirror start --as-primary --undo        the source died half-way through a resync to this node, for good
            hamirror start --as-secondary --full-sync after this node's disk was replaced
            """;
        root.Add(command);
    }

    private static void AddAction(
        Command root, Invocation invocation, Dictionary<Command, string> examples, string verb, string description,
        string example)
    {
        var module = ModuleChoice.Option(invocation);
        var command = new Command(verb, description) { module };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: false, verb, cancellation);
            return await EachAsync(invocation, names, name => invocation.Agent.PostAsync(
                ApiPath.Module(name, verb), new ActionRequest(invocation.By, null), ApiJson.Default.ActionRequest,
                ApiJson.Default.ActionAccepted, cancellation));
        });
        examples[command] = example;
        root.Add(command);
    }

    private static void AddFailover(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var setting = new Argument<string>("on|off") { Description = "off: a standby waits for an operator" };
        setting.AcceptOnlyFromAmong("on", "off");
        var command = new Command("failover", "Let the peer take over by itself, or not; kept over restarts.")
        {
            setting, module,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new FailoverRequest(parsed.GetRequiredValue(setting) == "on", invocation.By);
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: false, "failover", cancellation);
            return await EachAsync(invocation, names, name => invocation.Agent.PostAsync(
                ApiPath.Module(name, "failover"), request, ApiJson.Default.FailoverRequest, ApiJson.Default.ActionAccepted,
                cancellation));
        });
        examples[command] = "hamirror failover off -m vm1   before work on the network; 'on' afterwards";
        root.Add(command);
    }

    /// <summary>One module's refusal does not keep the others from being asked; the worst exit code counts.</summary>
    private static async Task<int> EachAsync(
        Invocation invocation, IReadOnlyList<string> names, Func<string, Task<ActionAccepted>> ask)
    {
        var code = ExitCode.Done;
        foreach (var name in names)
        {
            try
            {
                var accepted = await ask(name);
                invocation.Screen.MarkupLine(
                    $"{Markup.Escape(accepted.Module)}: {Markup.Escape(accepted.Action)} accepted; now "
                    + $"{Words.State(accepted.State, accepted.Phase)}. 'hamirror status' shows how it goes on.");
            }
            catch (RefusedException refused) when (names.Count > 1 && refused.Code == ExitCode.Refused)
            {
                invocation.Error.WriteLine($"{name}: {refused.Message} {refused.Remedy}".TrimEnd());
                code = refused.Code;
            }
        }

        return code;
    }
}
