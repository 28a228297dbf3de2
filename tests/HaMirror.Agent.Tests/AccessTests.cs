using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Io.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Agent.Tests;

public sealed class AccessTests : IDisposable
{
    private const string Password = "correct horse battery";
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly string _root = Directory.CreateTempSubdirectory("hamirror-access-").FullName;
    private readonly SetClock _clock = new(Noon);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void PasswordHash_OfAPassword_MatchesItAloneAndHoldsItNowhere()
    {
        var kept = PasswordHash.Of(Password);
        Assert.True(PasswordHash.Matches(kept, Password));
        Assert.False(PasswordHash.Matches(kept, Password + "x"));
        Assert.False(PasswordHash.Matches("", Password));
        Assert.NotEqual(kept, PasswordHash.Of(Password));
        Assert.DoesNotContain("horse", kept);
    }

    [Fact]
    public void Store_ReadByAnotherProcess_HasWhatWasWritten()
    {
        Store().AddUser("anna", Role.Admin, Password, "test");
        var key = Store().AddKey("prometheus", Role.Monitor, "test");
        var again = Store();
        Assert.Equal(Role.Admin, again.FindUser("anna")!.Role);
        Assert.Equal("prometheus", again.FindKey(key)!.Name);
        Assert.Null(again.FindKey(key + "x"));
        var text = File.ReadAllText(again.File);
        Assert.DoesNotContain(key, text);
        Assert.DoesNotContain(Password, text);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(again.File));
    }

    [Fact]
    public void Store_LastAdministrator_Stays()
    {
        var store = Store();
        store.AddUser("anna", Role.Admin, Password, "test");
        store.AddUser("bert", Role.Control, Password, "test");
        Assert.Equal(Refusal.Conflict, Assert.Throws<Refusal>(() => store.RemoveUser("anna", "test")).Status);
        Assert.Throws<Refusal>(() => store.ChangeUser("anna", Role.Monitor, null, "test"));
        store.ChangeUser("bert", Role.Admin, null, "test");
        store.RemoveUser("anna", "test");
        Assert.Null(store.FindUser("anna"));
    }

    [Theory]
    [InlineData("", Password)]
    [InlineData("a b", Password)]
    [InlineData("a\nb", Password)]
    [InlineData("<a>", Password)]
    [InlineData("../a", Password)]
    [InlineData("anna", "short")]
    public void Store_WrongNameOrPassword_IsRefused(string name, string password)
    {
        var store = Store();
        Assert.Equal(Refusal.BadRequest, Assert.Throws<Refusal>(() => store.AddUser(name, Role.Admin, password, "test")).Status);
        Assert.Empty(store.Book.Users);
    }

    [Fact]
    public void Store_FileThatCannotBeRead_IsNotOverwritten()
    {
        Store().AddUser("anna", Role.Admin, Password, "test");
        File.WriteAllText(Store().File, "{ broken");
        Assert.Throws<Refusal>(() => Store().AddUser("bert", Role.Admin, Password, "test"));
        Assert.Equal("{ broken", File.ReadAllText(Store().File));
    }

    [Fact]
    public void Store_ClockSetBack_StillMakesNewerEntries()
    {
        var store = Store();
        var first = store.AddUser("anna", Role.Admin, Password, "test");
        _clock.Now = Noon.AddYears(-1);
        Assert.True(store.ChangeUser("anna", null, Password + "2", "test").Changed > first.Changed);
    }

    [Property(MaxTest = 200)]
    public Property Books_MergedEitherWay_AreTheSameAndNothingMoves()
    {
        var account =
            from name in Gen.Elements("a", "b", "c")
            from role in Gen.Elements(Role.Monitor, Role.Control, Role.Admin)
            from secret in Gen.Elements("x", "y", "")
            from minute in Gen.Choose(0, 3)
            select new Account(name, role, secret, Noon.AddMinutes(minute), secret.Length == 0);
        var book =
            from users in Gen.ListOf(account)
            from keys in Gen.ListOf(account)
            from ends in Gen.Choose(-2, 2)
            select new AccessBook(Sorted(users), Sorted(keys), AccessBook.Empty.Revoked.SetItem("s", Noon.AddMinutes(ends)));
        return Prop.ForAll(Gen.Zip(book, book).ToArbitrary(), pair =>
        {
            var one = AccessBook.Merge(pair.Item1, pair.Item2, Noon);
            var other = AccessBook.Merge(pair.Item2, pair.Item1, Noon);
            return one.Same(other) && AccessBook.Merge(one, pair.Item1, Noon).Same(one) && AccessBook.Merge(one, pair.Item2, Noon).Same(one);
        });
    }

    [Fact]
    public void Session_ReadWithTheRightKeyInTime_IsTheOneThatWasSigned()
    {
        byte[] key = new byte[32], other = [.. Enumerable.Repeat((byte)7, 32)];
        var token = new SessionToken("anna", "id", 5, Noon, Noon.AddHours(8));
        var text = token.Sign(key);
        Assert.Equal(token, SessionToken.Read(text, [other, key], Noon));
        Assert.Null(SessionToken.Read(text, [other], Noon));
        Assert.Null(SessionToken.Read(text, [key], Noon.AddHours(8)));
        Assert.Null(SessionToken.Read(text[..^1] + (text[^1] == 'A' ? 'B' : 'A'), [key], Noon));
        var forged = (token with { Name = "root" }).Sign(other).Split('.')[1];
        Assert.Null(SessionToken.Read($"hms1.{forged}.{text.Split('.')[2]}", [key], Noon));
    }

    [Fact]
    public void Throttle_AfterManyFailures_WaitsLongerAndLongerAndForgives()
    {
        var throttle = new LoginThrottle(_clock);
        for (var count = 0; count < 4; count++) throttle.Failed("10.0.0.9", "anna");
        Assert.Equal(TimeSpan.Zero, throttle.Wait("10.0.0.9", "anna"));
        throttle.Failed("10.0.0.9", "anna");
        var first = throttle.Wait("10.0.0.9", "bert"); // By the address, whatever the name.
        throttle.Failed("10.0.0.9", "bert");
        Assert.True(first > TimeSpan.Zero && throttle.Wait("10.0.0.9", "carl") > first);
        Assert.Equal(TimeSpan.Zero, throttle.Wait("10.0.0.1", "anna")); // Strangers do not lock her out so soon.
        _clock.Now += TimeSpan.FromMinutes(2);
        Assert.Equal(TimeSpan.Zero, throttle.Wait("10.0.0.9", "anna"));
    }

    [Fact]
    public void Throttle_ManyAddressesAgainstOneName_SlowsTheNameDown()
    {
        var throttle = new LoginThrottle(_clock);
        for (var count = 0; count < 20; count++) throttle.Failed($"10.0.1.{count}", "anna");
        Assert.True(throttle.Wait("10.9.9.9", "anna") > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, throttle.Wait("10.9.9.9", "bert"));
    }

    [Theory]
    [InlineData("GET", "/v1/anything/new", "Monitor")]
    [InlineData("POST", "/v1/anything/new", "Admin")]
    [InlineData("DELETE", "/v1/modules/{module}", "Admin")]
    [InlineData("POST", "/v1/modules/{module}/start", "Control")]
    [InlineData("GET", "/v1/users", "Admin")]
    [InlineData("POST", "/v1/session", "Nothing")]
    public void Rules_OfARequest_RefuseWhatNobodyNamed(string method, string pattern, string need) =>
        Assert.Equal(need, AccessRules.Of(method, pattern).ToString());

    private AccessStore Store() => new(new AgentFiles(_root), NullLogger<AccessStore>.Instance, _clock);

    private static ImmutableSortedDictionary<string, Account> Sorted(IEnumerable<Account> accounts) =>
        AccessBook.Empty.Users.SetItems(accounts.Select(account => KeyValuePair.Create(account.Name, account)));
}
