// Finds the names of an inode by walking the whole replicated directory.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>The way back from an inode to its names, which no file system offers.</summary>
internal static unsafe class DirectorySearch
{
    /// <summary>Gives the node every name that leads to its inode.</summary>
    internal static void Find(NodeTable table, FileNode wanted)
    {
        // A counted reference keeps the directories of the way in the table while they are walked.
        var waiting = new Stack<FileNode>();
        Push(waiting, table.Root);
        Span<char> text = stackalloc char[RequestBody.NameBytesMax];
        while (waiting.TryPop(out var directory))
        {
            var descriptor = Shim.Reopen(directory.Descriptor,
                OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
            if (descriptor >= 0)
            {
                using var stream = new DirectoryStream(descriptor);
                Visit(table, wanted, directory, stream, waiting, text);
            }

            directory.Opens--;
            table.Drop(directory);
        }
    }

    private static void Visit(NodeTable table, FileNode wanted, FileNode directory, DirectoryStream stream,
        Stack<FileNode> waiting, Span<char> text)
    {
        for (; stream.Peek(out var record) == 0; stream.Take())
        {
            var isWanted = record.Inode == wanted.Key.Inode;
            if (record.IsDot || !(isWanted || record.MayBeDirectory)
                || !RequestBody.TryDecode(record.Name, record.NameBytes, text, out var decoded))
            {
                continue;
            }

            var name = new EntryName(record.Name, decoded);
            if (table.Resolve(directory, name, out var node, out _) == 0 && !isWanted)
            {
                if (node!.IsDirectory)
                {
                    Push(waiting, node);
                }
                else
                {
                    table.Drop(node);
                }
            }
        }
    }

    private static void Push(Stack<FileNode> waiting, FileNode directory)
    {
        directory.Opens++;
        waiting.Push(directory);
    }
}
