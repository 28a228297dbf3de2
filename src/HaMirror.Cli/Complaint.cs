// What is wrong with a command line, in sentences for the person who typed it.
// Rule: an unknown word makes everything after it guesswork, so it is named alone, with the nearest known one.
using System.CommandLine;
using System.Text.RegularExpressions;
using HaMirror.Core.Configuration;

namespace HaMirror.Cli;

/// <summary>The sentences of a refused command line.</summary>
internal static partial class Complaint
{
    /// <summary>At least one sentence.</summary>
    /// <param name="parsed">Has errors.</param>
    /// <param name="path">Program and verbs that were understood.</param>
    public static IReadOnlyList<string> Of(ParseResult parsed, string path)
    {
        var command = parsed.CommandResult.Command;
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            return [Unknown(command, verbs, word, path)];
        }

        return verbs.Count > 0
            ? [$"'{path}' needs a verb: {string.Join(", ", verbs)}."]
            : [.. parsed.Errors.Select(fault => Rephrase(fault.Message)).Distinct()];
    }

    private static string Unknown(Command command, List<string> verbs, string word, string path)
    {
        if (word.StartsWith('-'))
        {
            var options = command.Options.Where(option => !option.Hidden).Select(option => option.Name).ToList();
            return $"'{path}' has no option '{word}'{NearestName.Hint(word, options)}";
        }

        return verbs.Count > 0
            ? $"'{path}' has no verb '{word}'{NearestName.Hint(word, verbs)}"
            : $"'{path}' does not know what to do with '{word}'.";
    }

    private static string Rephrase(string message)
    {
        var line = message.ReplaceLineEndings("\n").TrimEnd().Replace(":\n\t", ": ").Replace("\n\t", ", ");
        return NumberMessage().Replace(line, "$2 takes a number, not '$1'.");
    }

    // All options that are not text are numbers; the library would name the type of the program's own variable.
    [GeneratedRegex("^Cannot parse argument '(.*)' for option '(.*)' as expected type '.*'\\.$", RegexOptions.Singleline)]
    private static partial Regex NumberMessage();
}
