// A child process that asks a mount of this process whether it answers (native-shim/guard/probe.c describes the protocol).
// Rule: the process that serves a mount never waits in it. A thread that does can be neither killed nor woken once the request
// was read, and keeps /dev/fuse open, so that the kernel never ends the connection: the agent would stay for ever.
using System.Diagnostics;
using System.Globalization;

namespace HaMirror.Io.Native;

/// <summary>Asks the file system at a path, in a process of its own.</summary>
public sealed class MountProbe : IDisposable
{
    private static readonly byte[] Question = "?"u8.ToArray();

    private readonly Process _process;
    private readonly Stream _questions;
    private readonly StreamReader _answers;

    private MountProbe(Process process) =>
        (_process, _questions, _answers) = (process, process.StandardInput.BaseStream, process.StandardOutput);

    /// <param name="path">Absolute path.</param>
    /// <exception cref="ShimException">The program is missing or cannot be started.</exception>
    public static MountProbe Start(string path)
    {
        var start = new ProcessStartInfo(GuardProcess.Program, ["probe", path])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/",
        };
        try
        {
            return new MountProbe(Process.Start(start) ?? throw new ShimException($"{GuardProcess.Program} did not start; check its permissions."));
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new ShimException($"{GuardProcess.Program} cannot be started: {failure.Message}", failure.NativeErrorCode);
        }
    }

    /// <summary>The child's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Asks, and waits for the answer as long as it takes.</summary>
    /// <returns>0, or a positive errno; null: the child has ended, which says nothing of the mount.</returns>
    public int? Ask()
    {
        try
        {
            _questions.Write(Question);
            _questions.Flush();
            return int.TryParse(_answers.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var error) ? error : null;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return null; // A broken pipe: it was killed, by us or by somebody.
        }
    }

    /// <summary>Ends the child, from any thread, and with it a question that waits. A child in a mount that hangs ends when that
    /// is aborted.</summary>
    public void Dispose()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already, or was disposed of: what is wanted.
        }

        _process.Dispose();
    }
}
