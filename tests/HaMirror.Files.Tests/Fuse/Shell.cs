// Runs bash scripts as the tests' users would type them. A script that fails or hangs fails the test with its output.
using System.Diagnostics;
using System.Text;

namespace HaMirror.Files.Tests.Fuse;

internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // "no command" says that a command must fail, because bash's own "!" is no error under -e.
    private const string Prelude = """
        trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR
        no() { if "$@"; then echo "should have failed: $*"; exit 9; fi; }

        """;

    /// <summary>Runs a script with -eu and pipefail; its standard output without the last line end.</summary>
    /// <param name="script">Text for bash.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="variables">Put into its environment.</param>
    internal static string Run(string script, string folder = "/", params (string Name, string Value)[] variables)
    {
        var (code, output, errors) = Try(script, folder, variables);
        Assert.True(code == 0, $"exit code {code}\n{errors}\n{output}");
        return output.TrimEnd('\n');
    }

    /// <summary>The same, but a failure is an answer.</summary>
    internal static (int Code, string Output, string Errors) Try(string script, string folder = "/",
        params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("/usr/bin/setsid", ["bash", "-euo", "pipefail", "-E", "-c", Prelude + script])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, line) => output.Append(line.Data is null ? "" : line.Data + "\n");
        process.ErrorDataReceived += (_, line) => errors.Append(line.Data is null ? "" : line.Data + "\n");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"Still running after {Patience.TotalSeconds} s: {script}\n{errors}\n{output}");
        }

        process.WaitForExit();
        return (process.ExitCode, output.ToString(), errors.ToString());
    }
}
