// module add, remove, list, check, config.
using System.Collections.Immutable;
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>module</c>.</summary>
internal static class ModuleVerbs
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("module", "Make, check, activate and remove modules.");
        AddAdd(group, invocation, examples);
        AddOnOne(group, invocation, examples, "check", "Read the module's files and say what is wrong; change nothing.",
            "hamirror module check vm1");
        AddOnOne(group, invocation, examples, "config", "Check the module's files and make them the active configuration.",
            "hamirror module config vm1   after every change of /etc/hamirror/modules/vm1");
        ApplyVerbs.AddTo(group, invocation, examples, () => Name(invocation));
        AddRemove(group, invocation, examples);
        AddList(group, invocation, examples);
        examples[group] = """
            hamirror module add vm1 --template kvm --set VM_NAME=vm1
            hamirror module config vm1
            """;
        root.Add(group);
    }

    private static Argument<string> Name(Invocation invocation)
    {
        var name = new Argument<string>("MODULE") { Description = "The module's name" };
        name.CompletionSources.Add(_ => ModuleChoice.Names(invocation).Where(one => one != ModuleChoice.All));
        return name;
    }

    private static void AddAdd(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = new Argument<string>("MODULE") { Description = "Letters, digits, _, . and -, a letter or digit first" };
        var template = new Option<string>("--template")
        {
            Description = "'kvm', 'mirror', or a directory that has conf/userconfig.xml.", HelpName = "TEMPLATE",
            DefaultValueFactory = _ => "kvm",
        };
        var set = new Option<string[]>("--set")
        {
            Description = "A macro's value in the new userconfig.xml.", HelpName = "NAME=VALUE",
        };
        set.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
            {
                result.AddError($"--set takes NAME=VALUE, not '{token.Value}'.");
            }
        });
        var command = new Command("add", "Make a module from a template.") { name, template, set };
        command.SetAction(async (parsed, cancellation) =>
        {
            var given = parsed.GetValue(set) ?? [];
            var variables = given.Select(text => text.Split('=', 2))
                .GroupBy(pair => pair[0]).ToImmutableDictionary(same => same.Key, same => same.Last()[1]);
            var path = parsed.GetRequiredValue(template);
            var request = new ModuleAddRequest(
                parsed.GetRequiredValue(name), path.Contains('/') ? Path.GetFullPath(path) : path,
                variables.IsEmpty ? null : variables);
            var made = await invocation.Agent.PostAsync(
                ApiPath.Modules, request, ApiJson.Default.ModuleAddRequest, ApiJson.Default.ModuleConfigured, cancellation);
            Report(invocation, made, $"made in {made.Directory}. Edit it, then 'hamirror module config {made.Module}'");
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror module add vm1 --set VM_NAME=vm1
            hamirror module add db --template mirror
            hamirror module add vm1 --template ./kvm.safe
            """;
        group.Add(command);
    }

    private static void AddOnOne(
        Command group, Invocation invocation, Dictionary<Command, string> examples, string verb, string description,
        string example)
    {
        var name = Name(invocation);
        name.Arity = ArgumentArity.ZeroOrOne;
        var module = ModuleChoice.Option(invocation);
        var command = new Command(verb, description) { name, module };
        command.SetAction(async (parsed, cancellation) =>
        {
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(name) ?? parsed.GetValue(module), harmless: true, verb, cancellation);
            foreach (var one in names)
            {
                var result = await invocation.Agent.PostAsync(
                    ApiPath.Module(one, verb), ApiJson.Default.ModuleConfigured, cancellation);
                Report(invocation, result, result.Active
                    ? "the configuration is active. 'hamirror start' starts it"
                    : "the configuration is right");
            }

            return ExitCode.Done;
        });
        examples[command] = example;
        group.Add(command);
    }

    private static void AddRemove(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = Name(invocation);
        var command = new Command("remove", "Remove a stopped module; the replicated directories are left alone.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var module = parsed.GetRequiredValue(name);
            await invocation.Agent.SendAsync(HttpMethod.Delete, ApiPath.Module(module), null, cancellation);
            invocation.Screen.MarkupLine($"{Markup.Escape(module)}: removed; its data is where it was.");
            return ExitCode.Done;
        });
        examples[command] = "hamirror module remove vm1";
        group.Add(command);
    }

    private static void AddList(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("list", "List the modules of this node.");
        command.SetAction(async (_, cancellation) =>
        {
            var all = await invocation.Agent.GetAsync(
                ApiPath.Modules, ApiJson.Default.ImmutableArrayModuleSummary, cancellation);
            foreach (var module in all)
            {
                var state = module.Configured ? Words.State(module.State, module.Phase) : "[grey]not configured[/]";
                invocation.Screen.MarkupLine(
                    $"{module.Id,2}  {Markup.Escape(module.Module),-20} {state}  "
                    + Markup.Escape(string.Join(", ", module.Directories)));
            }

            if (all.IsEmpty)
            {
                invocation.Screen.MarkupLine("No module yet. Make one with 'hamirror module add NAME'.");
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror module list";
        group.Add(command);
    }

    private static void Report(Invocation invocation, ModuleConfigured result, string what)
    {
        invocation.Screen.MarkupLine($"{Markup.Escape(result.Module)}: {Markup.Escape(what)}.");
        foreach (var note in result.Notes.IsDefault ? [] : result.Notes)
        {
            invocation.Screen.MarkupLine($"  [yellow]note[/] {Markup.Escape(note)}");
        }
    }
}
