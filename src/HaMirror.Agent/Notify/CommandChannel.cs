using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;

namespace HaMirror.Agent.Notify;

/// <summary>A program, which reads JSON from its input and finds the subject in <c>HAMIRROR_SUBJECT</c>.</summary>
internal sealed class CommandChannel(CommandConfiguration command) : INotifyChannel
{
    public string Kind => "command";

    public string Target => command.Path;

    public async Task SendAsync(Notification notification, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(command.Path) { RedirectStandardInput = true };
        start.Environment["HAMIRROR_SUBJECT"] = notification.Subject;
        using var process = Begin(start);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(command.Timeout);
        try
        {
            await WriteAsync(process, notification, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new NotifyException($"{command.Path} did not end within {command.Timeout.TotalSeconds:0} s and was killed.");
        }

        if (process.ExitCode != 0) throw new NotifyException($"{command.Path} ended with {process.ExitCode}.");
    }

    private static async Task WriteAsync(Process process, Notification notification, CancellationToken cancellation)
    {
        try
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(notification, ConsoleJson.Default.Notification);
            await process.StandardInput.BaseStream.WriteAsync(body, cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not read its input, and need not.
        }
    }

    private Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new NotifyException($"{command.Path} was not started.");
        }
        catch (Win32Exception error)
        {
            throw new NotifyException($"{command.Path} cannot be started: {error.Message}.", error);
        }
    }
}
