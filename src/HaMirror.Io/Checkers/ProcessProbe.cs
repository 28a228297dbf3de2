using System.Diagnostics;
using System.Text.RegularExpressions;
using HaMirror.Core.Configuration;
using HaMirror.Io.Hooks;

namespace HaMirror.Io.Checkers;

/// <summary>Processes that must run, in a number between two bounds (errd; reference, section 2.6), or a systemd unit.</summary>
public sealed class ProcessProbe : IProbe
{
    /// <summary>The kernel keeps so many characters of a process's name.</summary>
    private const int NameLength = 15;

    private static readonly TimeSpan UnitTimeout = TimeSpan.FromSeconds(5);

    private readonly ProcessConfiguration _process;
    private readonly Regex? _name;
    private readonly Regex? _arguments;
    private int _looksToSkip;

    public ProcessProbe(ProcessConfiguration process)
    {
        _process = process;
        _name = process.NamePattern is { } name ? PosixExpression.Compile(name) : null;
        _arguments = process.ArgumentPattern is { } arguments ? PosixExpression.Compile(arguments) : null;
        _looksToSkip = process.StartAfterPolls;
    }

    public async Task<Look> LookAsync(CancellationToken cancellation)
    {
        if (_looksToSkip > 0)
        {
            _looksToSkip--;
            return new Look(true, $"process {_process.Name} is not yet looked at");
        }

        if (_process.IsService)
        {
            return await UnitAsync(cancellation).ConfigureAwait(false);
        }

        var count = ProcessEntry.All().Count(Matches);
        return new Look(
            count >= _process.AtLeast && count <= _process.AtMost,
            $"{count} process(es) {_process.Name} run; wanted: {_process.AtLeast} to {(_process.AtMost == int.MaxValue ? "any" : _process.AtMost)}");
    }

    private bool Matches(ProcessEntry entry)
    {
        if (!entry.IsAlive)
        {
            return false;
        }

        var named = _name is not null ? _name.IsMatch(entry.Name) : entry.Name == Shortened(_process.Name);
        return named && (_arguments is null || _arguments.IsMatch(entry.CommandLine()));
    }

    private async Task<Look> UnitAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(UnitTimeout);
        using var systemctl = Process.Start(new ProcessStartInfo("systemctl", ["is-active", "--quiet", "--", _process.Name]) { UseShellExecute = false })
            ?? throw new InvalidOperationException("systemctl was not started");
        try
        {
            await systemctl.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return new Look(systemctl.ExitCode == 0, $"unit {_process.Name} is {(systemctl.ExitCode == 0 ? "" : "not ")}active");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // systemd that does not answer says nothing about the unit.
            systemctl.Kill();
            return new Look(true, "systemctl does not answer");
        }
    }

    private static string Shortened(string name) => name.Length <= NameLength ? name : name[..NameLength];
}
