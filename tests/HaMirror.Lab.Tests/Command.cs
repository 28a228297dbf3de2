using System.Diagnostics;

namespace HaMirror.Lab.Tests;

/// <summary>What a program said and how it ended. Output is both streams, in the order in which they were read.</summary>
internal sealed record CommandResult(string CommandLine, int ExitCode, string Output)
{
    /// <summary>The output, or a failure of the test that shows command, exit code and output.</summary>
    public string Success()
    {
        Assert.True(ExitCode == 0, $"'{CommandLine}' ended with {ExitCode}: {Output}");
        return Output.Trim();
    }

    /// <summary>The output of a command that had to be refused; a success fails the test.</summary>
    public string Refusal()
    {
        Assert.True(ExitCode != 0, $"'{CommandLine}' should have been refused and said: {Output}");
        return Output.Trim();
    }
}

/// <summary>Runs programs with a time limit, killing the whole tree when it is over: a test never hangs in a child.</summary>
internal static class Command
{
    /// <summary>For everything that is not known to take longer; generous, because the machine may be busy.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    /// <exception cref="TimeoutException">The program did not end within <paramref name="limit"/>.</exception>
    public static CommandResult Run(TimeSpan limit, string program, params ReadOnlySpan<string> arguments)
    {
        using var process = Start(program, arguments);
        string line = $"{program} {string.Join(' ', process.StartInfo.ArgumentList)}";
        var output = new System.Text.StringBuilder();
        void Take(object _, DataReceivedEventArgs received)
        {
            lock (output)
            {
                if (received.Data is not null)
                {
                    output.AppendLine(received.Data);
                }
            }
        }

        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        // The process first, then its streams: a daemon that it started may hold them open for ever.
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            lock (output)
            {
                throw new TimeoutException($"'{line}' did not end within {limit.TotalSeconds} s and said: {output}");
            }
        }

        process.WaitForExit(TimeSpan.FromSeconds(5));
        lock (output)
        {
            return new CommandResult(line, process.ExitCode, output.ToString());
        }
    }

    /// <summary>Starts a program whose streams are redirected; the caller disposes of it.</summary>
    public static Process Start(string program, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"'{program}' cannot be started.");
    }
}
