// What the disk and the target answer to a resync.
using HaMirror.Core.Extents;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

internal sealed unsafe partial class ResyncSource
{
    /// <summary>A read that <see cref="IResyncHost.TryRead"/> began is done.</summary>
    /// <param name="result">Bytes, fewer at the end of the file, or -errno.</param>
    /// <returns>Null, or why the link cannot go on, as a sentence.</returns>
    public string? ReadCompleted(int token, byte* data, long result)
    {
        _reads.Remove(token, out var read);
        _readBytes -= read.Bytes;
        var file = read.File;
        file.Outstanding--;
        if (file.IsAbandoned)
        {
            _host.Release(token);
            return null;
        }
        if (result < 0)
        {
            _host.Release(token);
            return $"The resync cannot read {file.File.Path} at {read.Offset}: {Errno.Describe((int)-result)}.";
        }
        var bytes = (int)Math.Min(result, read.Bytes);
        if (bytes > 0 && bytes < read.Bytes)
        {
            // Only a second answer says that the file ends there.
            var rest = Shim.ReadAt(file.Descriptor, data + bytes, (ulong)(read.Bytes - bytes), read.Offset + (ulong)bytes);
            if (rest < 0)
            {
                _host.Release(token);
                return $"The resync cannot read {file.File.Path} at {read.Offset + (ulong)bytes}: {Errno.Describe((int)-rest)}.";
            }
            bytes += (int)rest;
        }
        if (bytes > 0 && read.Asking != Asking.Sends)
        {
            // One extent is its own hash: nothing is left to divide.
            var isDivided = read.Asking == Asking.Extents && bytes > ExtentSet.ExtentBytes;
            _comparison.Ask(new ComparedBlock(file, read.Offset, read.Bytes, bytes, isDivided), data);
            _host.Release(token);
            return null;
        }
        if (read.Asking != Asking.Sends)
            _asking.Forget();
        var sent = _block.Send(token, file, read.Offset, data, bytes);
        _bandwidth.Take(sent);
        // What lies behind a short read is behind the end of the file, where the target has nothing either.
        Copied(file.Key, read.Offset, read.Bytes);
        return null;
    }

    /// <summary>The target has compared a range.</summary>
    public void HashResult(ulong sequence, bool equal)
    {
        if (!_comparison.TryTake(sequence, out var block))
            return;
        if (equal)
            Copied(block.File.Key, block.Offset, block.Bytes);
        else
            block.File.Different.Enqueue(new DifferentRange(block.Offset, (ulong)block.Bytes, !_asking.IsSending && block.ExtentCount > 1));
        if (equal || block.ExtentCount == 1)
            _asking.Learn(block.ExtentCount, equal ? 0 : block.ExtentCount);
    }

    /// <summary>The target has compared each extent of a range.</summary>
    /// <param name="different">A bit for each, lowest first.</param>
    /// <returns>Null, or what is wrong with the answer, as the end of a sentence.</returns>
    public string? HashResults(ulong sequence, ReadOnlySpan<byte> different)
    {
        if (!_comparison.TryTake(sequence, out var block))
            return null;
        if (different.Length != (block.ExtentCount + 7) / 8)
            return $"answered {block.ExtentCount} hashes with {different.Length} bytes";
        var count = 0;
        for (int from = 0, to; from < block.ExtentCount; from = to)
        {
            var differs = IsSet(different, from);
            for (to = from + 1; to < block.ExtentCount && IsSet(different, to) == differs;)
                to++;
            var offset = block.Offset + (ulong)from * ExtentSet.ExtentBytes;
            var bytes = (to == block.ExtentCount ? block.Bytes : to * ExtentSet.ExtentBytes) - from * ExtentSet.ExtentBytes;
            if (differs)
                block.File.Different.Enqueue(new DifferentRange(offset, (ulong)bytes, IsDivided: false));
            else
                Copied(block.File.Key, offset, bytes);
            count += differs ? to - from : 0;
        }
        _asking.Learn(block.ExtentCount, count);
        return null;
    }

    private static bool IsSet(ReadOnlySpan<byte> bits, int index) => (bits[index / 8] >> index % 8 & 1) != 0;
}
