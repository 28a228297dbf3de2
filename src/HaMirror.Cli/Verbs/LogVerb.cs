// log: a module's log.
using System.CommandLine;
using System.Globalization;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>log</c>.</summary>
internal static class LogVerb
{
    private const int LinesDefault = 300;

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new lines until ^C." };
        var lines = new Option<int>("--lines", "-n")
        {
            Description = "The last so many lines.", HelpName = "N", DefaultValueFactory = _ => LinesDefault,
        };
        var command = new Command("log", "Show a module's log.") { module, follow, lines };
        command.SetAction(async (parsed, cancellation) =>
        {
            var following = parsed.GetValue(follow);
            var names = await ModuleChoice.ResolveAsync(
                invocation, parsed.GetValue(module), harmless: true, "log", cancellation);
            var query = string.Create(
                CultureInfo.InvariantCulture, $"?lines={parsed.GetValue(lines)}&follow={(following ? "true" : "false")}");
            if (following)
            {
                await FollowAsync(invocation, names, query, cancellation);
                return ExitCode.Done;
            }

            await ShowMergedAsync(invocation, names, query, parsed.GetValue(lines), cancellation);
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror log -m vm1 -n 50
            hamirror log -m vm1 --follow
            hamirror log                  all modules, by time
            hamirror log --follow         all modules, as lines come
            """;
        root.Add(command);
    }

    /// <summary>All at once: a log that is followed has no end after which the next could begin.</summary>
    private static async Task FollowAsync(
        Invocation invocation, IReadOnlyList<string> names, string query, CancellationToken cancellation)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAll(names.Select(async name =>
        {
            try
            {
                await ShowAsync(invocation, name, query, names.Count > 1, together.Token);
            }
            catch (RefusedException)
            {
                await together.CancelAsync(); // the refusal is what the operator has to see
                throw;
            }
        }));
    }

    /// <summary>The last lines of all modules together, in the order of time: what happened to one VM often explains another.</summary>
    private static async Task ShowMergedAsync(
        Invocation invocation, IReadOnlyList<string> names, string query, int count, CancellationToken cancellation)
    {
        var lines = new List<LogLine>();
        foreach (var name in names)
        {
            await foreach (var line in invocation.Agent.LogAsync(ApiPath.Module(name, "log") + query, cancellation))
            {
                lines.Add(line);
            }
        }

        foreach (var line in lines.OrderBy(line => line.Time).TakeLast(count)) // stable: a module's lines keep their order
        {
            Write(invocation, line, names.Count > 1);
        }
    }

    private static async Task ShowAsync(
        Invocation invocation, string name, string query, bool withModule, CancellationToken cancellation)
    {
        await foreach (var line in invocation.Agent.LogAsync(ApiPath.Module(name, "log") + query, cancellation))
        {
            lock (invocation.Screen)
            {
                Write(invocation, line, withModule);
            }
        }
    }

    private static void Write(Invocation invocation, LogLine line, bool withModule)
    {
        var time = line.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var module = withModule ? Markup.Escape(line.Module) + " " : "";
        invocation.Screen.MarkupLine($"[grey]{time}[/] {module}{Words.Log(line.Level, line.Text)}");
    }
}
