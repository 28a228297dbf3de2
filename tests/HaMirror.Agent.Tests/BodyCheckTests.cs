using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Api;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Tests;

/// <summary>What a body may not have whatever it is for: the records' own annotations say so.</summary>
public sealed class BodyCheckTests
{
    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":"a","role":"admin"}""", "password")]
    [InlineData("""{"name":null,"role":"admin","password":"x"}""", "name")]
    public void User_WithoutAMember_IsRefusedByItsName(string json, string member) =>
        Assert.Contains($"'{member}'", Refused(json, ConsoleJson.Default.UserAddRequest));

    [Theory]
    [InlineData("""{"files":[null],"makeDirectories":false}""", "files[0]")]
    [InlineData("""{"files":[{"text":"x","executable":false}],"makeDirectories":false}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"a\u0000b","executable":false}],"makeDirectories":false}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"a","text":"x\u0000","executable":false}],"makeDirectories":false}""", "files[0].text")]
    public void Draft_WithABadFile_IsRefusedByItsPlace(string json, string member) =>
        Assert.Contains($"'{member}'", Refused(json, ConsoleJson.Default.ModuleDraft));

    [Theory]
    [InlineData("""{"name":"m","template":"t","variables":{"A":null}}""", "variables.A")]
    [InlineData("""{"name":"m","template":"t","variables":{"A":"\u0000"}}""", "variables.A")]
    public void Variables_WithABadValue_AreRefused(string json, string member) =>
        Assert.Contains($"'{member}'", Refused(json, ApiJson.Default.ModuleAddRequest));

    [Fact]
    public void Bodies_ThatLeaveOutWhatMayBeLeftOut_AreTaken()
    {
        Taken("{}", ApiJson.Default.ActionRequest);
        Taken("""{"role":null}""", ApiJson.Default.StartRequest);
        Taken("""{"timeoutSeconds":1}""", ApiJson.Default.WaitRequest); // An array that is left out is the empty one.
        Taken("""{"directory":"/x"}""", ApiJson.Default.SalvageExportRequest);
        Taken("""{"name":"m","template":"t"}""", ApiJson.Default.ModuleAddRequest);
        Taken("""{"files":[{"path":"a","text":"€ 𝓶","executable":false}],"makeDirectories":false}""", ConsoleJson.Default.ModuleDraft);
        BodyCheck.Refuse(new ModuleDraft(ImmutableArray<ModuleFile>.Empty, false, null, null), ConsoleJson.Default.ModuleDraft);
    }

    [Fact]
    public void Text_WithHalfACharacter_IsRefused()
    {
        foreach (var text in new[] { new string((char)0xD800, 1), "x" + (char)0xDC00, (char)0xDC00 + "" + (char)0xD800 })
            Assert.Equal(Refusal.BadRequest, Assert.Throws<Refusal>(() => BodyCheck.Refuse(new ActionRequest(text, null), ApiJson.Default.ActionRequest)).Status);
    }

    [Theory]
    [InlineData("plain ü € 𝓶", "plain ü € 𝓶")]
    [InlineData("a\r\nb", "a??b")]
    [InlineData("\u001b[2J\u202Eevil\u2028", "?[2J?evil?")]
    public void Printable_OfAnyText_IsOneLineThatMovesNothing(string text, string shown) => Assert.Equal(shown, Printable.Clean(text));

    private static string Refused<T>(string json, JsonTypeInfo<T> type)
        where T : class
    {
        var refusal = Assert.Throws<Refusal>(() => Taken(json, type));
        Assert.Equal(Refusal.BadRequest, refusal.Status);
        return refusal.Message;
    }

    private static void Taken<T>(string json, JsonTypeInfo<T> type)
        where T : class => BodyCheck.Refuse(JsonSerializer.Deserialize(json, type)!, type);
}
