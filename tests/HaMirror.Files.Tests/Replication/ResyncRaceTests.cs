using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A moment in which a resync once overlooked a change, and lost data.</summary>
[Collection(MountsCollection.Name)]
public sealed class ResyncRaceTests
{
    [Fact]
    public void File_ThatTookAnotherNameByLinkBeforeItsTurn_IsCopiedUnderThatName()
    {
        const int count = 6;
        using var pair = new StoragePair(
            prepareSource: folder =>
            {
                for (var number = 0; number < count; number++)
                    LinkedStorageTests.Fill(folder, $"segment{number}", 2 << 20, number);
            },
            configure: replication => replication with { ResyncBandwidth = 4 << 20 });
        pair.Connect(ResyncPlan.CopyAll);
        StorageNode.Until(() => pair.Source.Storage.Status.Resync is { Names: false, BytesSent: > 0 }, "the first file is being copied");
        for (var number = 0; number < count; number++)
            Shell.Run($"ln segment{number} final{number} && rm segment{number}", pair.Source.Folder);
        pair.Source.Expect($"paired {pair.Link}");
        pair.ExpectEqual();
    }
}
