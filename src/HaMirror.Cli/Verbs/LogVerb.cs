// log: a module's log.
using System.CommandLine;
using System.Globalization;
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
                invocation, parsed.GetValue(module), harmless: !following, "log --follow", cancellation);
            foreach (var name in names)
            {
                var query = string.Create(
                    CultureInfo.InvariantCulture, $"?lines={parsed.GetValue(lines)}&follow={(following ? "true" : "false")}");
                await foreach (var line in invocation.Agent.LogAsync(ApiPath.Module(name, "log") + query, cancellation))
                {
                    Write(invocation, line, names.Count > 1);
                }
            }

            return ExitCode.Done;
        });
        examples[command] = """
            hamirror log -m vm1 -n 50
            hamirror log -m vm1 --follow
            """;
        root.Add(command);
    }

    private static void Write(Invocation invocation, LogLine line, bool withModule)
    {
        var time = line.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var module = withModule ? Markup.Escape(line.Module) + " " : "";
        invocation.Screen.MarkupLine($"[grey]{time}[/] {module}{Words.Log(line.Level, line.Text)}");
    }
}
