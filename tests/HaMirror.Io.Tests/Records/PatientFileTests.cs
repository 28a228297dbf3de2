using HaMirror.Io.Records;

namespace HaMirror.Io.Tests.Records;

public sealed class PatientFileTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Replace_WhileTheDiskHangs_IsRefusedUntilItAnswers()
    {
        var path = $"/held/{Guid.NewGuid():n}";
        var file = new PatientFile(path, Soon);
        using var answers = new ManualResetEventSlim();
        var done = new List<int>();
        var first = Assert.Throws<IOException>(() => file.Replace(() =>
        {
            Assert.True(answers.Wait(Patience));
            done.Add(1);
        }));
        Assert.Contains($"{path} could not be written: its disk has not answered", first.Message, StringComparison.Ordinal);
        Assert.Equal(first.Message[..40], HeldPlaces.Find("/elsewhere", path)?[..40]);
        Assert.Throws<IOException>(() => file.Replace(() => done.Add(2)));
        Assert.Empty(done);

        answers.Set();
        Assert.True(SpinWait.SpinUntil(() => HeldPlaces.Find(path) is null, Patience));
        new PatientFile(path, Patience).Replace(() => done.Add(3));
        Assert.True(SpinWait.SpinUntil(() => Succeeds(() => file.Replace(() => done.Add(4))), Patience));
        Assert.Equal([1, 3, 4], done);
    }

    [Fact]
    public void Replace_ThatFails_PassesTheFailureOn()
    {
        var file = new PatientFile("/any", Patience);
        Assert.Equal("full", Assert.Throws<IOException>(() => file.Replace(() => throw new IOException("full"))).Message);
        file.Replace(() => { });
    }

    private static bool Succeeds(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
