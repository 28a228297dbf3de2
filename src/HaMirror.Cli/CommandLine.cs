// From words to a verb and from a failure to a sentence and an exit code.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Cli.Safekit;
using HaMirror.Cli.Verbs;

namespace HaMirror.Cli;

/// <summary>Runs one command line.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs; returns the exit code.</summary>
    /// <param name="program">The name it was started by: <c>safekit</c> has a grammar of its own.</param>
    public static async Task<int> RunAsync(
        Invocation invocation, string program, IReadOnlyList<string> args, CancellationToken cancellation)
    {
        var root = program == "safekit" ? SafekitCommand.Create(invocation) : HamirrorCommand.Create(invocation);
        var quiet = args.Contains("--quiet") || args.Contains("-lq");
        try
        {
            var parsed = root.Parse(args.Count == 0 ? ["--help"] : args);
            if (parsed.Errors.Count > 0 && parsed.Action is not TeachingHelp && !args.Any(arg => arg.StartsWith('[')))
            {
                var path = string.Join(' ', PathOf(parsed.CommandResult.Command, root, program));
                foreach (var sentence in Complaint.Of(parsed, path))
                {
                    invocation.Error.WriteLine(sentence);
                }

                invocation.Error.WriteLine($"'{path} --help' shows how it is used.");
                return quiet ? ExitCode.NoState : ExitCode.Usage;
            }

            var configuration = new InvocationConfiguration
            {
                Output = invocation.Output, Error = invocation.Error, EnableDefaultExceptionHandler = false,
            };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (RefusedException refused)
        {
            Explain(invocation, refused);
            return quiet ? ExitCode.NoState : refused.Code;
        }
        catch (OperationCanceledException) // by Ctrl-C or a signal: of the time-outs the client makes sentences
        {
            return ExitCode.Interrupted;
        }
    }

    private static void Explain(Invocation invocation, RefusedException refused)
    {
        invocation.Error.WriteLine(refused.Message);
        foreach (var fault in refused.Faults.Where(fault => fault != refused.Message))
        {
            invocation.Error.WriteLine("  " + fault);
        }

        if (refused.Remedy is { Length: > 0 } remedy)
        {
            invocation.Error.WriteLine(remedy);
        }
    }

    private static IEnumerable<string> PathOf(Command command, Command root, string program)
    {
        if (command == root)
        {
            return [program];
        }

        var parent = command.Parents.OfType<Command>().FirstOrDefault() ?? root;
        return PathOf(parent, root, program).Append(command.Name);
    }
}
