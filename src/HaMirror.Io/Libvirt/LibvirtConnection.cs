// A connection to libvirt that cannot hold up its user (G8): libvirtd blocks when a QEMU sits in state D, and so does
// every call that goes to it.
// Invariants: all calls of a connection run on its own thread; a caller waits for its time-out at most; after a time-out
// the connection is given up, and its thread ends by itself when libvirt answers at last.
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace HaMirror.Io.Libvirt;

/// <summary>Looks for running VMs, and ends them.</summary>
public sealed class LibvirtConnection : IDisposable
{
    /// <summary>The host's own VMs.</summary>
    public const string SystemUri = "qemu:///system";

    private readonly string uri;
    private readonly TimeSpan timeout;
    private readonly BlockingCollection<Action> calls = [];
    private nint connection;
    private int givenUp;

    private LibvirtConnection(string uri, TimeSpan timeout)
    {
        this.uri = uri;
        this.timeout = timeout;
        new Thread(Run) { Name = "libvirt", IsBackground = true }.Start();
    }

    /// <summary>Connects.</summary>
    /// <param name="timeout">For this and for every later call.</param>
    /// <param name="uri">As libvirt writes it.</param>
    /// <exception cref="LibvirtException">libvirt is not installed, refuses, or does not answer in time.</exception>
    public static async Task<LibvirtConnection> OpenAsync(TimeSpan timeout, string uri = SystemUri)
    {
        var made = new LibvirtConnection(uri, timeout);
        try
        {
            await made.CallAsync("connect", made.Open).ConfigureAwait(false);
            return made;
        }
        catch (LibvirtException)
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>All running VMs.</summary>
    /// <exception cref="LibvirtException">libvirt refuses or does not answer in time.</exception>
    public Task<ImmutableArray<RunningDomain>> ListRunningAsync() => CallAsync("list the running VMs", List);

    /// <summary>The running VMs that have a file in a directory or below.</summary>
    /// <param name="directory">An absolute path without symbolic links.</param>
    /// <exception cref="LibvirtException">libvirt refuses or does not answer in time.</exception>
    public async Task<ImmutableArray<RunningDomain>> FindUsingAsync(string directory) =>
        [.. (await ListRunningAsync().ConfigureAwait(false)).Where(domain => domain.Uses(directory))];

    /// <summary>Ends a VM at once, as when its power is cut. One that runs no more is no error.</summary>
    /// <returns>False when it ran no more.</returns>
    /// <exception cref="LibvirtException">libvirt refuses or does not answer in time.</exception>
    public Task<bool> DestroyAsync(Guid uuid) => CallAsync("end a VM", () => Destroy(uuid));

    /// <summary>Closes the connection, without waiting for a call that hangs.</summary>
    public void Dispose() => GiveUp();

    private void GiveUp()
    {
        if (Interlocked.Exchange(ref givenUp, 1) == 0)
        {
            calls.CompleteAdding();
        }
    }

    private unsafe void Run()
    {
        foreach (var call in calls.GetConsumingEnumerable())
        {
            call();
        }

        if (connection != 0)
        {
            LibvirtLibrary.Loaded.ConnectClose(connection);
        }
    }

    private async Task<T> CallAsync<T>(string doing, Func<T> call)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            calls.Add(() =>
            {
                try
                {
                    answer.TrySetResult(call());
                }
                catch (LibvirtException e)
                {
                    answer.TrySetException(e);
                }
            });
        }
        catch (InvalidOperationException)
        {
            throw new LibvirtException($"Cannot {doing}: the connection to libvirt ({uri}) has been given up.");
        }

        try
        {
            return await answer.Task.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            GiveUp();
            throw new LibvirtException(
                $"libvirt ({uri}) did not {doing} within {timeout.TotalSeconds:0.#} s; look for processes in state D and "
                + "restart libvirtd if none is left.");
        }
    }

    private unsafe bool Open()
    {
        var library = LibvirtLibrary.Loaded;
        fixed (byte* name = Encoding.UTF8.GetBytes(uri + '\0'))
        {
            connection = library.ConnectOpen(name);
        }

        return connection != 0
            ? true
            : throw new LibvirtException($"Cannot connect to libvirt ({uri}): {library.LastError}. Is libvirtd running?");
    }

    private unsafe ImmutableArray<RunningDomain> List()
    {
        var library = LibvirtLibrary.Loaded;
        nint* domains = null;
        var count = library.ListAllDomains(connection, &domains, LibvirtLibrary.ListActive);
        if (count < 0)
        {
            throw new LibvirtException($"Cannot list the running VMs: {library.LastError}.");
        }

        var found = ImmutableArray.CreateBuilder<RunningDomain>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (Describe(library, domains[i]) is { } domain)
                {
                    found.Add(domain);
                }
            }
        }
        finally
        {
            for (var i = 0; i < count; i++)
            {
                library.DomainFree(domains[i]);
            }

            NativeMemory.Free(domains); // libvirt asks for free(3), which this is
        }

        return found.ToImmutable();
    }

    /// <summary>Null when the VM has ended since it was listed.</summary>
    private static unsafe RunningDomain? Describe(LibvirtLibrary library, nint domain)
    {
        var text = stackalloc byte[LibvirtLibrary.UuidTextBytes];
        var xml = library.DomainXml(domain, 0);
        if (xml == null || library.DomainUuid(domain, text) < 0)
        {
            return null;
        }

        try
        {
            return RunningDomain.Read(
                Guid.Parse(Marshal.PtrToStringUTF8((nint)text)!), Marshal.PtrToStringUTF8((nint)library.DomainName(domain))!,
                Marshal.PtrToStringUTF8((nint)xml)!);
        }
        finally
        {
            NativeMemory.Free(xml);
        }
    }

    private unsafe bool Destroy(Guid uuid)
    {
        var library = LibvirtLibrary.Loaded;
        nint domain;
        fixed (byte* text = Encoding.ASCII.GetBytes(uuid.ToString("D") + '\0'))
        {
            domain = library.LookupByUuid(connection, text);
        }

        if (domain == 0)
        {
            return false;
        }

        var result = library.DomainDestroy(domain);
        var reason = result < 0 ? library.LastError : "";
        library.DomainFree(domain);
        if (result == 0)
        {
            return true;
        }

        // It may have ended between the look-up and the call; only one that still runs is a failure.
        return List().Any(running => running.Uuid == uuid)
            ? throw new LibvirtException($"Cannot end the VM {uuid}: {reason}.")
            : false;
    }
}
