// The loads, on one file. Each thread has one operation at a time, a buffer and random bytes of its own.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Cli.Bench;

/// <summary>Measures a file.</summary>
/// <param name="time">For each load.</param>
internal sealed unsafe class Load(SafeFileHandle file, TimeSpan time, CancellationToken cancellation)
{
    /// <summary>In bytes. Large enough that a disk's own cache does not hold it all twice, small enough to make at once.</summary>
    public const long FileBytes = 128L << 20;

    private const int Page = 4096;
    private const int Large = 1 << 20;
    private const int LargeThreads = 4;
    private const int ManyThreads = 16;

    private enum Kind
    {
        Write, FlushedWrite, Read,
    }

    /// <summary>Writes the whole file once, which the other loads need.</summary>
    public void Fill() => Many(LargeThreads, thread => Sequential(thread, once: true));

    /// <summary>1 MiB writes, four at a time: bytes per second.</summary>
    public double WriteLarge() => Many(LargeThreads, thread => Sequential(thread, once: false)).PerSecond * Large;

    /// <summary>4 KiB, one at a time, anywhere.</summary>
    public Latencies Write() => Many(1, _ => Random(Kind.Write));

    /// <summary>Each followed by an fdatasync; the time is that of both.</summary>
    public Latencies WriteAndFlush() => Many(1, _ => Random(Kind.FlushedWrite));

    /// <summary>4 KiB, 16 at a time.</summary>
    public Latencies WriteMany() => Many(ManyThreads, _ => Random(Kind.Write));

    /// <summary>4 KiB, one at a time, anywhere.</summary>
    public Latencies Read() => Many(1, _ => Random(Kind.Read));

    private Latencies Many(int count, Func<int, List<long>> run)
    {
        var ticks = new List<long>[count];
        var failures = new Exception?[count];
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            try
            {
                ticks[index] = run(index);
            }
            catch (IOException failure)
            {
                failures[index] = failure;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        cancellation.ThrowIfCancellationRequested();
        if (failures.OfType<Exception>().FirstOrDefault() is { } first)
        {
            throw new IOException(first.Message, first);
        }

        return Latencies.Of([.. ticks.SelectMany(times => times)], clock.Elapsed);
    }

    private List<long> Random(Kind kind)
    {
        var buffer = Buffer(Page);
        try
        {
            var ticks = new List<long>();
            for (var end = Stopwatch.StartNew(); ticks.Count == 0 || (end.Elapsed < time && !cancellation.IsCancellationRequested);)
            {
                var offset = System.Random.Shared.NextInt64(FileBytes / Page) * Page;
                var begin = Stopwatch.GetTimestamp();
                if (kind == Kind.Read)
                {
                    _ = RandomAccess.Read(file, new Span<byte>(buffer, Page), offset);
                }
                else
                {
                    RandomAccess.Write(file, new ReadOnlySpan<byte>(buffer, Page), offset);
                }

                if (kind == Kind.FlushedWrite)
                {
                    DirectFile.Flush(file);
                }

                ticks.Add(Stopwatch.GetTimestamp() - begin);
            }

            return ticks;
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    /// <summary>Each thread writes a part of its own, again and again unless only once.</summary>
    private List<long> Sequential(int thread, bool once)
    {
        var buffer = Buffer(Large);
        try
        {
            const long Part = FileBytes / LargeThreads;
            var ticks = new List<long>();
            var end = Stopwatch.StartNew();
            for (long at = 0; once ? at < Part : ticks.Count == 0 || end.Elapsed < time; at += Large)
            {
                if (cancellation.IsCancellationRequested)
                {
                    break;
                }

                var begin = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, new ReadOnlySpan<byte>(buffer, Large), thread * Part + at % Part);
                ticks.Add(Stopwatch.GetTimestamp() - begin);
            }

            return ticks;
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private static byte* Buffer(int bytes)
    {
        var buffer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Page);
        RandomNumberGenerator.Fill(new Span<byte>(buffer, bytes)); // nothing that a disk or a link could compress away
        return buffer;
    }
}
