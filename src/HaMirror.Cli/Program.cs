// `hamirror`, and `safekit` when it is started under that name (the link $SAFE/safekit that hooks call).
using HaMirror.Cli;
using HaMirror.Cli.Agent;
using Spectre.Console;

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

var screen = AnsiConsole.Console;
if (!screen.Profile.Out.IsTerminal)
{
    screen.Profile.Width = Invocation.UnlimitedWidth; // a script reads lines, not columns
}

using var agent = new AgentClient(AgentClient.DefaultSocket);
var invocation = new Invocation(agent, screen, Console.Out, Console.Error, Environment.GetEnvironmentVariable);
return await CommandLine.RunAsync(invocation, Invocation.NameOfProgram(), args, interrupted.Token);
