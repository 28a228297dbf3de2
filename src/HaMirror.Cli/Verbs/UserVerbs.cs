// user add, list, role, password, remove: who may use the console and the API over the network.
// Rule: a password is typed twice on a terminal, or is the first line of the input; never an argument, which others could read.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>user</c>.</summary>
internal static class UserVerbs
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("user", "Say who may use the console and the API over the network.");
        AddAdd(group, invocation, examples);
        AddList(group, invocation, examples);
        AddRole(group, invocation, examples);
        AddPassword(group, invocation, examples);
        AddRemove(group, invocation, examples);
        examples[group] = """
            hamirror user add anna --role admin     asks for the password
            hamirror user list
            """;
        root.Add(group);
    }

    /// <summary>The option <c>--role</c>.</summary>
    internal static Option<string> Role(string fallback)
    {
        var role = new Option<string>("--role", "-r")
        {
            Description = "admin configures, control acts on modules, monitor reads.", DefaultValueFactory = _ => fallback,
        };
        role.AcceptOnlyFromAmong("admin", "control", "monitor");
        return role;
    }

    /// <summary>From a terminal, twice; else the first line of the input.</summary>
    internal static string ReadPassword(Invocation invocation)
    {
        if (!invocation.Screen.Profile.Capabilities.Interactive || Console.IsInputRedirected)
        {
            return invocation.Input.ReadLine() is { Length: > 0 } line
                ? line
                : throw new RefusedException(ExitCode.Usage, "No password came.", "Type it on a terminal, or send it as the first line of the input.");
        }

        var once = invocation.Screen.Prompt(new TextPrompt<string>("Password:").Secret());
        return once == invocation.Screen.Prompt(new TextPrompt<string>("Once more:").Secret())
            ? once
            : throw new RefusedException(ExitCode.Usage, "The two passwords differ; nothing was changed.");
    }

    private static Argument<string> Name(Invocation invocation, bool known)
    {
        var name = new Argument<string>("NAME") { Description = "The user's name", HelpName = "NAME" };
        if (known)
        {
            name.CompletionSources.Add(_ => Names(invocation));
        }

        return name;
    }

    private static void AddAdd(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var (name, role) = (Name(invocation, known: false), Role("monitor"));
        var command = new Command("add", "Add a user; asks for the password. Both nodes know him.") { name, role };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new UserAddRequest(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role), ReadPassword(invocation));
            var user = await invocation.Agent.PostAsync(
                ConsolePath.Users, request, ConsoleJson.Default.UserAddRequest, ConsoleJson.Default.UserStatus, cancellation);
            invocation.Screen.MarkupLine($"{Markup.Escape(user.Name)} may log in with the role {user.Role}.");
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror user add anna --role admin
            echo "$PASSWORD" | hamirror user add robot --role control
            """;
        group.Add(command);
    }

    private static void AddList(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("list", "List the users and their roles.");
        command.SetAction(async (_, cancellation) =>
        {
            var users = await invocation.Agent.GetAsync(ConsolePath.Users, ConsoleJson.Default.ImmutableArrayUserStatus, cancellation);
            foreach (var user in users)
            {
                invocation.Screen.MarkupLine($"{Markup.Escape(user.Name),-24} {user.Role,-8} changed {user.Changed.ToLocalTime():yyyy-MM-dd HH:mm}");
            }

            if (users.IsEmpty)
            {
                invocation.Screen.MarkupLine("There is no user yet: 'hamirror user add NAME --role admin'.");
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror user list";
        group.Add(command);
    }

    private static void AddRole(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = Name(invocation, known: true);
        var role = new Argument<string>("ROLE") { Description = "admin, control or monitor" };
        role.AcceptOnlyFromAmong("admin", "control", "monitor");
        var command = new Command("role", "Give a user another role; his sessions end.") { name, role };
        command.SetAction((parsed, cancellation) =>
            ChangeAsync(invocation, parsed.GetRequiredValue(name), new UserChangeRequest(parsed.GetRequiredValue(role), null), cancellation));
        examples[command] = "hamirror user role anna control";
        group.Add(command);
    }

    private static void AddPassword(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = Name(invocation, known: true);
        var command = new Command("password", "Set a user's password; his sessions end.") { name };
        command.SetAction((parsed, cancellation) =>
            ChangeAsync(invocation, parsed.GetRequiredValue(name), new UserChangeRequest(null, ReadPassword(invocation)), cancellation));
        examples[command] = "hamirror user password anna";
        group.Add(command);
    }

    private static void AddRemove(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var name = Name(invocation, known: true);
        var command = new Command("remove", "Remove a user; his sessions end.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await invocation.Agent.SendAsync(HttpMethod.Delete, ConsolePath.User(parsed.GetRequiredValue(name)), null, cancellation);
            return ExitCode.Done;
        });
        examples[command] = "hamirror user remove anna";
        group.Add(command);
    }

    private static async Task<int> ChangeAsync(Invocation invocation, string name, UserChangeRequest change, CancellationToken cancellation)
    {
        var user = await invocation.Agent.PutAsync(
            ConsolePath.User(name), change, ConsoleJson.Default.UserChangeRequest, ConsoleJson.Default.UserStatus, cancellation);
        invocation.Screen.MarkupLine($"{Markup.Escape(user.Name)} has the role {user.Role}; sessions begun before have ended.");
        return ExitCode.Done;
    }

    private static IEnumerable<string> Names(Invocation invocation) => Completion.Of(
        invocation, ConsolePath.Users, ConsoleJson.Default.ImmutableArrayUserStatus, users => users.Select(user => user.Name));
}
