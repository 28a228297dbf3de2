// Help that ends in examples: what an operator copies is worth more than what he reads.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace HaMirror.Cli.Verbs;

/// <summary>The usual help, then the command's examples.</summary>
internal sealed class TeachingHelp(HelpAction usual, IReadOnlyDictionary<Command, string> examples)
    : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (examples.TryGetValue(parseResult.CommandResult.Command, out var text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine("Examples:");
            foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
            {
                parseResult.InvocationConfiguration.Output.WriteLine("  " + line);
            }

            parseResult.InvocationConfiguration.Output.WriteLine();
        }

        return code;
    }

    /// <summary>Puts it in the place of a root command's usual help.</summary>
    public static void Install(Command root, IReadOnlyDictionary<Command, string> examples)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new TeachingHelp((HelpAction)help.Action!, examples);
    }
}
