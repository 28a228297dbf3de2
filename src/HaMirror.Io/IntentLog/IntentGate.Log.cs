// How a transaction of the gate reaches the log, how the log's beginning moves on, and what follows when it cannot be written.
// Invariant: the log's beginning moves only once the marks file that holds what stood before it was replaced.
using HaMirror.Core.Intent;
using HaMirror.Io.Native;

namespace HaMirror.Io.IntentLog;

internal sealed unsafe partial class IntentGate
{
    private bool HasRoom(bool withMap)
    {
        var map = (ulong)(_hot.Capacity / IntentTransaction.HotPerBlock + 1);
        var most = withMap ? SpareBlocks + 2 * map : 2 * SpareBlocks + 3 * map;
        return _next - _start + most <= _ring.BlockCount;
    }

    private void Write()
    {
        var count = (ulong)_transaction.BlockCount;
        var bytes = _transaction.BlockCount * IntentTransaction.BlockBytes;
        if (_memory.Bytes < bytes)
        {
            _memory.Dispose();
            _memory = new PageBlock(bytes * 2);
        }
        _transaction.Seal(_ring.Log, _next).CopyTo(new Span<byte>(_memory.Address, bytes));
        var at = _next % _ring.BlockCount;
        var before = Math.Min(count, _ring.BlockCount - at);
        _writing = before < count ? 2 : 1;
        (_failedWith, _unwritten) = (0, bytes);
        TransactionCount++;
        _next += count;
        _host.WriteBlocks(_memory.Address, (int)before * IntentTransaction.BlockBytes, at * IntentTransaction.BlockBytes);
        if (before < count)
            _host.WriteBlocks(
                _memory.Address + before * IntentTransaction.BlockBytes, (int)(count - before) * IntentTransaction.BlockBytes, 0);
    }

    private void ReplaceMarks()
    {
        (_isMapWriting, _isReplacing) = (false, true);
        var content = new MarksContent(_ring.Log, _newStart, _ring.BlockCount);
        _marks.Visit(content.Add);
        _recorded.Visit(content.Add);
        HoldsDirt = content.HasFiles;
        _host.ReplaceMarks(content, failure =>
        {
            _isReplacing = false;
            _refused = failure;
            _host.MarksRefused(failure);
            if (failure is null)
                _start = _newStart;
        });
    }

    /// <summary>Tries again to replace the marks file, if that failed (a full disk): the log goes on as long as it has room.</summary>
    public void Retry()
    {
        _isMapDue |= _refused is not null;
        _refused = null;
    }

    private void Fail(string reason)
    {
        Failure = reason;
        Tell(reason);
        _host.LogFailed(reason);
    }

    private void Tell(string? failure)
    {
        foreach (var done in _told)
            done(failure);
        _told.Clear();
        while (failure is not null && _dirty.TryDequeue(out var dirty))
            dirty.Done?.Invoke(failure);
    }
}
