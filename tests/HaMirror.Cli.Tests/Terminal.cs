// Runs one command line against an agent and keeps what a person would see.
using HaMirror.Cli.Agent;
using Spectre.Console;

namespace HaMirror.Cli.Tests;

/// <summary>What one run left behind.</summary>
/// <param name="Screen">Standard output, without colours.</param>
internal sealed record Terminal(int Code, string Screen, string Error)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static Task<Terminal> RunAsync(RecordedAgent agent, params string[] args) =>
        RunAsync(agent.Socket, "hamirror", [], args);

    /// <param name="input">What stands on its input.</param>
    public static Task<Terminal> RunWithAsync(string input, RecordedAgent agent, params string[] args) =>
        RunAsync(agent.Socket, "hamirror", [], new StringReader(input), args);

    public static Task<Terminal> RunAsync(
        string socket, string program, Dictionary<string, string> environment, params string[] args) =>
        RunAsync(socket, program, environment, Console.In, args);

    private static async Task<Terminal> RunAsync(
        string socket, string program, Dictionary<string, string> environment, TextReader input, string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        screen.Profile.Width = Invocation.UnlimitedWidth;
        using var client = new AgentClient(socket);
        using var limit = new CancellationTokenSource(Deadline);
        var invocation = new Invocation(client, screen, output, error, environment.GetValueOrDefault) { Input = input };
        var code = await CommandLine.RunAsync(invocation, program, args, limit.Token);
        return new Terminal(code, output.ToString(), error.ToString());
    }
}
