// The smallest server there can be over a FuseFileSystem: one thread, reads and writes in line, no replication but an
// optional observer that sees what would be replicated, in order.
using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

internal sealed unsafe class FuseLoop : IDisposable
{
    private const int Slots = 8;

    private readonly FuseFileSystem system;
    private readonly int mount;
    private readonly IChangeObserver? observer;
    private readonly Action<Exception> failed;
    private readonly Thread thread;
    private readonly PageBlock pages = new((long)Slots * (FuseFileSystem.DataBytesMin + 4096));
    private readonly FuseRequest[] slots = new FuseRequest[Slots];
    private readonly int wake;
    private Action? posted;
    private volatile bool stopping;

    /// <param name="system">Served; belongs to the loop's thread from now on.</param>
    /// <param name="mount">Descriptor of /dev/fuse; closed by the loop when it ends.</param>
    /// <param name="observer">Told what would be replicated.</param>
    /// <param name="failed">Told when the thread dies of an exception.</param>
    internal FuseLoop(FuseFileSystem system, int mount, IChangeObserver? observer, Action<Exception> failed)
    {
        this.system = system;
        this.mount = mount;
        this.observer = observer;
        this.failed = failed;
        wake = Shim.Check(Shim.EventCreate(), "create an event");
        thread = new Thread(Serve) { IsBackground = true, Name = "fuse loop" };
        thread.Start();
    }

    /// <summary>Bytes allocated on the loop's thread by READ, WRITE, GETATTR and LOOKUP since the last reset.</summary>
    internal long HotAllocations { get; private set; }

    /// <summary>How many of them there were.</summary>
    internal long HotRequests { get; private set; }

    /// <summary>Writes by the descriptor that they were done through.</summary>
    internal long DirectWrites { get; private set; }

    internal long BufferedWrites { get; private set; }

    /// <summary>Runs something on the loop's thread and waits for it.</summary>
    internal void Post(Action action)
    {
        using var done = new ManualResetEventSlim();
        Exception? thrown = null;
        Volatile.Write(ref posted, () =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                thrown = e;
            }

            done.Set();
        });
        Shim.EventSignal(wake);
        Assert.True(done.Wait(TimeSpan.FromSeconds(30)), "the loop does not answer");
        if (thrown is not null)
        {
            throw thrown;
        }
    }

    internal void ResetCounters() => Post(() => HotAllocations = HotRequests = DirectWrites = BufferedWrites = 0);

    public void Dispose()
    {
        stopping = true;
        Shim.EventSignal(wake);
        thread.Join();
        Shim.Close(mount);
        Shim.Close(wake);
        pages.Dispose();
    }

    private void Serve()
    {
        try
        {
            var requests = stackalloc NativeRequest[Slots];
            var polls = stackalloc NativePoll[2];
            polls[0] = new NativePoll { Descriptor = mount, Events = NativePoll.In };
            polls[1] = new NativePoll { Descriptor = wake, Events = NativePoll.In };
            while (!stopping && Round(requests))
            {
                Shim.Poll(polls, 2, -1);
                Shim.EventClear(wake);
                Interlocked.Exchange(ref posted, null)?.Invoke();
            }
        }
        catch (Exception e)
        {
            failed(e);
        }
    }

    private bool Round(NativeRequest* requests)
    {
        for (var i = 0; i < Slots; i++)
        {
            var at = pages.Address + ((long)i * (FuseFileSystem.DataBytesMin + 4096));
            requests[i] = new NativeRequest { Header = at, Data = at + 4096, DataCapacity = FuseFileSystem.DataBytesMin };
        }

        var count = Shim.FuseReceive(mount, requests, Slots);
        if (count == -Errno.ENODEV)
        {
            return false;
        }

        Shim.Check(count, "receive requests");
        for (var i = 0; i < count; i++)
        {
            ref var slot = ref slots[i];
            slot.Header = requests[i].Header;
            slot.Data = requests[i].Data;
            slot.DataCapacity = requests[i].DataCapacity;
            slot.Length = requests[i].Length;
            if (Handle(ref slot))
            {
                var reply = slot.ToReply();
                Shim.Check(Shim.FuseReply(mount, &reply, 1), "reply");
            }
        }

        return true;
    }

    private bool Handle(ref FuseRequest slot)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var verdict = system.Take(ref slot);
        if (verdict == FuseVerdict.Immediate)
        {
            system.Execute(ref slot);
            Assert.Null(slot.Change);
        }

        if (slot.Opcode is FuseOpcode.Read or FuseOpcode.Write or FuseOpcode.GetAttributes or FuseOpcode.Lookup)
        {
            HotAllocations += GC.GetAllocatedBytesForCurrentThread() - before;
            HotRequests++;
        }

        switch (verdict)
        {
            case FuseVerdict.NoReply:
                return false;
            case FuseVerdict.Immediate:
                return true;
            case FuseVerdict.Change:
                system.Execute(ref slot);
                Tell(ref slot);
                return true;
            case FuseVerdict.Read:
                slot.CompleteRead(Shim.ReadAt(slot.Descriptor, slot.Data, slot.Bytes, slot.Offset));
                return true;
            case FuseVerdict.Flush:
                slot.CompleteFlush(Shim.Sync(slot.Descriptor, slot.DataOnly ? 1 : 0));
                return true;
            default:
                Write(ref slot);
                return true;
        }
    }

    private void Write(ref FuseRequest slot)
    {
        if (slot.DropsPrivileges)
        {
            system.Execute(ref slot);
            Tell(ref slot);
        }

        observer?.Written(slot.Node!, slot.Offset, new ReadOnlySpan<byte>(slot.Data, (int)slot.Bytes));
        slot.CompleteWrite(Shim.WriteAt(slot.Descriptor, slot.Data, slot.Bytes, slot.Offset));
        DirectWrites += slot.Direct ? 1 : 0;
        BufferedWrites += slot.Direct ? 0 : 1;
    }

    private void Tell(ref FuseRequest slot)
    {
        if (observer is null)
        {
            return;
        }

        foreach (var change in (NamespaceChange?[])[slot.Change, slot.FurtherChange])
        {
            if (change is not null)
            {
                observer.Changed(change);
            }
        }

        if (slot.Error == 0 && slot.Range == RangeChange.Allocate)
        {
            observer.Allocated(slot.Node!, slot.AllocateMode, slot.Offset, slot.Bytes);
        }
    }
}
