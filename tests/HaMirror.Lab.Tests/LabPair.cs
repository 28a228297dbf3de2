using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace HaMirror.Lab.Tests;

/// <summary>The lab's two nodes: a face of <c>lab/lab.sh</c>, which docs/lab.md describes.</summary>
/// <remarks>One lab exists at a time; <see cref="LabCollection"/> keeps the tests that use it one after the other.</remarks>
public class LabPair
{
    public const string N1 = "n1";
    public const string N2 = "n2";

    /// <summary>The checkout that these tests were built from.</summary>
    internal static string Project { get; } = FindProject();

    /// <summary>The lab's work directory, seen from the machine.</summary>
    internal static string Work { get; } = Environment.GetEnvironmentVariable("HAMIRROR_LAB") ?? "/var/tmp/hamirror-lab";

    /// <summary>As much as a reader wants to see of a log.</summary>
    private const int StoryLines = 50;

    internal static string Peer(string node) => node == N1 ? N2 : N1;

    internal CommandResult Lab(params ReadOnlySpan<string> arguments) => Lab(TimeSpan.FromMinutes(3), arguments);

    internal CommandResult Lab(TimeSpan limit, params ReadOnlySpan<string> arguments) =>
        Command.Run(limit, Path.Combine(Project, "lab", "lab.sh"), arguments);

    internal CommandResult On(string node, params ReadOnlySpan<string> command) =>
        Lab(Command.DefaultLimit, ["on", node, .. command]);

    /// <summary>Runs a shell script in a node.</summary>
    internal CommandResult Shell(string node, string script) => On(node, "bash", "-c", script);

    internal void Cut(string node, bool loseUnflushed = false) =>
        Lab(loseUnflushed ? ["cut", node, "lose"] : ["cut", node]).Success();

    internal void Return(string node) => Lab("return", node).Success();

    internal bool Runs(string node) => Lab("status").Output.Contains($"{node} up", StringComparison.Ordinal);

    /// <summary>The last lines that the modules logged on either node, for a failed assertion's message.</summary>
    internal static string Story()
    {
        var story = new StringBuilder();
        foreach (string node in new[] { N1, N2 })
        {
            string logs = $"{Work}/{node}/disk/upper/var/log/hamirror";
            if (!Directory.Exists(logs))
            {
                continue;
            }

            foreach (string file in Directory.EnumerateFiles(logs, "module*.log", SearchOption.AllDirectories))
            {
                story.AppendLine(CultureInfo.InvariantCulture, $"--- {node}: {file[logs.Length..]}").AppendJoin('\n', File.ReadLines(file).TakeLast(StoryLines)).AppendLine();
            }
        }

        return story.ToString();
    }

    private static string FindProject([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
