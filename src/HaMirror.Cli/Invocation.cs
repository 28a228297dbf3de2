// Everything outside that a verb touches, handed in so that tests can hand in something else.
using HaMirror.Cli.Agent;
using Spectre.Console;

namespace HaMirror.Cli;

/// <summary>One run of the program.</summary>
/// <param name="Agent">Where requests go.</param>
/// <param name="Screen">For what a person reads: colours and tables.</param>
/// <param name="Output">For what a program reads: JSON, states, values.</param>
/// <param name="Error">For refusals.</param>
/// <param name="Variable">Reads an environment variable.</param>
internal sealed record Invocation(
    AgentClient Agent, IAnsiConsole Screen, TextWriter Output, TextWriter Error, Func<string, string?> Variable)
{
    /// <summary>Columns when the output is no terminal: nothing is wrapped.</summary>
    public const int UnlimitedWidth = 4096;

    /// <summary>What a password is read from where there is no terminal.</summary>
    public TextReader Input { get; init; } = Console.In;

    /// <summary>Who asks, for the log: the person behind sudo, if there is one.</summary>
    public string By => $"{Variable("SUDO_USER") ?? Environment.UserName}@local";

    /// <summary>The name by which the program was started. The runtime knows only the file that a link leads to; the
    /// kernel keeps what was typed.</summary>
    public static string NameOfProgram()
    {
        var typed = File.ReadAllText("/proc/self/cmdline").Split('\0')[0];
        return Path.GetFileName(typed);
    }
}
