// support: one archive of both nodes.
using System.CommandLine;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>support</c>.</summary>
internal static class SupportVerb
{
    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var file = new Argument<string>("FILE") { Description = "Where it is written; without it hamirror-support-TIME.tar.gz in the present directory", Arity = ArgumentArity.ZeroOrOne };
        var own = new Option<bool>("--own") { Description = "This node alone." };
        var command = new Command("support", "Write one archive of both nodes for support: logs, configuration without secrets, state, system facts.") { file, own };
        command.SetAction(async (parsed, cancellation) =>
        {
            var path = Path.GetFullPath(parsed.GetValue(file) ?? $"hamirror-support-{DateTime.Now:yyyyMMdd-HHmmss}.tar.gz");
            var beside = path + ".part";
            try
            {
                await using (var output = new FileStream(beside, new FileStreamOptions
                {
                    Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }))
                {
                    await invocation.Agent.SaveAsync(ConsolePath.Support + (parsed.GetValue(own) ? "?node=own" : ""), output, cancellation);
                }

                File.Move(beside, path, overwrite: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new RefusedException(ExitCode.Refused, $"{path} cannot be written: {error.Message}");
            }
            finally
            {
                File.Delete(beside);
            }

            invocation.Screen.MarkupLine(Markup.Escape($"{path} ({new FileInfo(path).Length >> 10} KiB). Secrets are taken out; look through it all the same before you send it."));
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror support
            hamirror support /tmp/both-nodes.tar.gz
            """;
        root.Add(command);
    }
}
