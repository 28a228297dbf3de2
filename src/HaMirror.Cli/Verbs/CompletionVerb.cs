// completion: the shell asks the program itself what could come next ('[suggest:N]', a directive of System.CommandLine).
using System.CommandLine;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>completion</c>.</summary>
internal static class CompletionVerb
{
    private const string Bash = """
        # hamirror: completion for bash. Source it, or write it to /etc/bash_completion.d/hamirror
        _hamirror() {
            local line="${COMP_LINE#"${COMP_WORDS[0]}"}"
            line="${line# }"
            local at=$((${#line} - ${#COMP_LINE} + COMP_POINT))
            mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$at]" "$line" 2>/dev/null)" \
                -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -F _hamirror hamirror
        """;

    /// <summary>Adds it.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash", DefaultValueFactory = _ => "bash" };
        shell.AcceptOnlyFromAmong("bash");
        var command = new Command("completion", "Print a script that completes commands in a shell.") { shell };
        command.SetAction((_, _) =>
        {
            invocation.Output.WriteLine(Bash);
            return Task.FromResult(ExitCode.Done);
        });
        examples[command] = """
            source <(hamirror completion bash)
            hamirror completion bash > /etc/bash_completion.d/hamirror
            """;
        root.Add(command);
    }
}
