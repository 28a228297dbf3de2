// check: a plugin of Nagios, Icinga, and of everything that runs those (Zabbix, Checkmk, Sensu).
// One line: STATUS - sentences | numbers; further lines have the rest. The exit code is the status.
using System.CommandLine;
using System.Globalization;
using HaMirror.Cli.Agent;
using HaMirror.Cli.View;
using HaMirror.Core.Api;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>check</c>.</summary>
internal static class CheckVerb
{
    /// <summary>A monitor ends a plugin after 10 s, and shows nothing of what it would have said.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var module = ModuleChoice.Option(invocation);
        var command = new Command("check", "For monitors: one line, numbers, and exit with OK 0, WARNING 1, CRITICAL 2, UNKNOWN 3.") { module };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var status = await invocation.Agent.GetAsync(ApiPath.Status, ApiJson.Default.NodeStatus, cancellation, AnswerTimeout);
                return Show(invocation, status, parsed.GetValue(module));
            }
            catch (RefusedException refused)
            {
                // An agent that does not answer fails nothing over: that is a finding, not a doubt.
                var level = refused.Code == ExitCode.NoAgent ? Health.Critical : Health.Unknown;
                invocation.Output.WriteLine($"HAMIRROR {Health.Word(level)} - {Plain(refused.Message)}");
                return level;
            }
        });
        examples[command] = """
            hamirror check                 all modules of this node
            hamirror check -m vm1          one
            # /etc/sudoers.d/nagios:  nagios ALL=(root) NOPASSWD: /usr/bin/hamirror check
            """;
        root.Add(command);
    }

    private static int Show(Invocation invocation, NodeStatus status, string? only)
    {
        var modules = status.Modules.Where(module => only is null or ModuleChoice.All || module.Module == only).ToArray();
        if (modules.Length == 0)
        {
            invocation.Output.WriteLine(only is null or ModuleChoice.All ? "HAMIRROR UNKNOWN - this node has no module" : $"HAMIRROR UNKNOWN - there is no module '{Plain(only)}' on this node");
            return Health.Unknown;
        }

        Health[] findings = [.. modules.Select(Health.Of), .. status.Lans.Select(Health.Of)];
        var level = findings.Max(finding => finding.Level);
        var numbers = string.Join(' ', modules.SelectMany(Health.Numbers).Concat(status.Lans.Where(lan => lan.SilentMilliseconds is not null).Select(lan =>
            string.Create(CultureInfo.InvariantCulture, $"'lan_{lan.Name}_silence'={lan.SilentMilliseconds / 1000:0.000}s;;;0"))));
        var worst = findings.Where(finding => finding.Level == level).Select(finding => finding.Sentence).ToArray();
        invocation.Output.WriteLine($"HAMIRROR {Health.Word(level)} - {Plain(string.Join("; ", worst))} | {numbers}");
        foreach (var rest in findings.Where(finding => finding.Level != level).OrderByDescending(finding => finding.Level))
        {
            invocation.Output.WriteLine($"{Health.Word(rest.Level)}: {Plain(rest.Sentence)}");
        }

        return level;
    }

    /// <summary>A bar would begin the numbers.</summary>
    private static string Plain(string text) => text.Replace('|', '/').ReplaceLineEndings(" ");
}
