using System.Diagnostics;
using System.Text;

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

    /// <summary>Between the end of a program and the end of its streams.</summary>
    private static readonly TimeSpan StreamLimit = TimeSpan.FromSeconds(10);

    /// <exception cref="TimeoutException">The program did not end within <paramref name="limit"/>.</exception>
    public static CommandResult Run(TimeSpan limit, string program, params ReadOnlySpan<string> arguments)
    {
        using var process = Start(program, arguments);
        string line = $"{program} {string.Join(' ', process.StartInfo.ArgumentList)}";
        var output = new StringBuilder();
        Task streams = Task.WhenAll(Take(process.StandardOutput, output), Take(process.StandardError, output));
        process.StandardInput.Close();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{line}' did not end within {limit.TotalSeconds} s and said: {Text(output)}");
        }

        // A daemon that the program started may hold the streams open for ever.
        streams.Wait(StreamLimit);
        return new CommandResult(line, process.ExitCode, Text(output));
    }

    private static async Task Take(StreamReader stream, StringBuilder output)
    {
        while (await stream.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }

    private static string Text(StringBuilder output)
    {
        lock (output)
        {
            return output.ToString();
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
