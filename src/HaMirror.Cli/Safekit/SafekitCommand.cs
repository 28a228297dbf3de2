// The grammar of `safekit` as hooks written for SafeKit's kvm.safe use it:
//   printi|printe TEXT        stop|restart|stopstart|swap [-i IDENTITY]
//   set -r RESOURCE -v VALUE [-i IDENTITY]      get -r RESOURCE      state [-lq|-v]
// -m MODULE may be left out where $SAFEMODULE is set, that is, inside a hook.
using System.CommandLine;
using System.Net.Http.Json;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;

namespace HaMirror.Cli.Safekit;

/// <summary>The root command of <c>safekit</c>.</summary>
internal static class SafekitCommand
{
    /// <summary>Builds it.</summary>
    public static RootCommand Create(Invocation invocation)
    {
        var module = new Option<string>("-m") { Description = "The module; default $SAFEMODULE.", Recursive = true };
        var root = new RootCommand("What hooks may ask the agent for. Operators use 'hamirror'.") { module };
        AddPrint(root, invocation, module, "printe", "Event", "Write to the module's log.");
        AddPrint(root, invocation, module, "printi", "Detail", "Write to the module's log, as a detail.");
        foreach (var action in new[] { "stop", "restart", "stopstart", "swap" })
        {
            AddAction(root, invocation, module, action);
        }

        AddSet(root, invocation, module);
        AddGet(root, invocation, module);
        AddState(root, invocation, module);
        return root;
    }

    private static string Module(Invocation invocation, ParseResult parsed, Option<string> module) =>
        parsed.GetValue(module) ?? invocation.Variable("SAFEMODULE") ?? throw new RefusedException(
            ExitCode.Usage, "No module is named: outside of a hook, -m MODULE is needed.");

    private static void AddPrint(
        Command root, Invocation invocation, Option<string> module, string verb, string level, string description)
    {
        var text = new Argument<string[]>("TEXT") { Arity = ArgumentArity.OneOrMore };
        var command = new Command(verb, description) { text };
        command.SetAction(async (parsed, cancellation) =>
        {
            var line = new LogRequest(level, string.Join(' ', parsed.GetRequiredValue(text)));
            await invocation.Agent.SendAsync(
                HttpMethod.Post, ApiPath.Module(Module(invocation, parsed, module), "log"),
                JsonContent.Create(line, ApiJson.Default.LogRequest), cancellation);
            return ExitCode.Done;
        });
        root.Add(command);
    }

    private static void AddAction(Command root, Invocation invocation, Option<string> module, string verb)
    {
        var identity = new Option<string>("-i") { Description = "Who asks: an automatic action, counted against maxloop." };
        var command = new Command(verb, $"Ask for {verb} of the module.") { identity };
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = parsed.GetValue(identity);
            var request = new ActionRequest(who is null ? invocation.By : null, who);
            await invocation.Agent.PostAsync(
                ApiPath.Module(Module(invocation, parsed, module), verb), request, ApiJson.Default.ActionRequest,
                ApiJson.Default.ActionAccepted, cancellation);
            return ExitCode.Done;
        });
        root.Add(command);
    }

    private static void AddSet(Command root, Invocation invocation, Option<string> module)
    {
        var resource = new Option<string>("-r") { Description = "The resource, e.g. custom.vm1.", Required = true };
        var value = new Option<string>("-v") { Description = "up or down", Required = true };
        value.AcceptOnlyFromAmong("up", "down");
        var identity = new Option<string>("-i") { Description = "Who sets it." };
        // SafeKit's -n and -l say how loudly it logs; the agent logs every change and nothing else.
        var silent = new Option<bool>("-n") { Hidden = true };
        var loud = new Option<bool>("-l") { Hidden = true };
        var command = new Command("set", "Set a resource's state.") { resource, value, identity, silent, loud };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new ResourceRequest(
                parsed.GetRequiredValue(value), parsed.GetValue(identity) ?? invocation.By);
            await invocation.Agent.PutAsync(
                ApiPath.Resource(Module(invocation, parsed, module), parsed.GetRequiredValue(resource)), request,
                ApiJson.Default.ResourceRequest, ApiJson.Default.ResourceStatus, cancellation);
            return ExitCode.Done;
        });
        root.Add(command);
    }

    private static void AddGet(Command root, Invocation invocation, Option<string> module)
    {
        var resource = new Option<string>("-r") { Description = "The resource, e.g. custom.vm1.", Required = true };
        var command = new Command("get", "Print a resource's state.") { resource };
        command.SetAction(async (parsed, cancellation) =>
        {
            var status = await invocation.Agent.GetAsync(
                ApiPath.Resource(Module(invocation, parsed, module), parsed.GetRequiredValue(resource)),
                ApiJson.Default.ResourceStatus, cancellation);
            invocation.Output.WriteLine(status.State);
            return ExitCode.Done;
        });
        root.Add(command);
    }

    private static void AddState(Command root, Invocation invocation, Option<string> module)
    {
        var quiet = new Option<bool>("-lq")
        {
            Description = "Print nothing; exit with STOP 0, WAIT 1, ALONE 2, PRIM 3, SECOND 4, anything else 9.",
        };
        var verbose = new Option<bool>("-v") { Description = "Print the resources too." };
        var command = new Command("state", "Print the module's state.") { quiet, verbose };
        command.SetAction(async (parsed, cancellation) =>
        {
            var status = await invocation.Agent.GetAsync(
                ApiPath.Module(Module(invocation, parsed, module)), ApiJson.Default.ModuleStatus, cancellation);
            if (parsed.GetValue(quiet))
            {
                return ExitCode.OfState(status.State);
            }

            invocation.Output.WriteLine($"{status.State} ({status.Phase})");
            foreach (var resource in parsed.GetValue(verbose) ? status.Resources : [])
            {
                invocation.Output.WriteLine($"{resource.Name} {resource.State}");
            }

            return ExitCode.Done;
        });
        root.Add(command);
    }
}
