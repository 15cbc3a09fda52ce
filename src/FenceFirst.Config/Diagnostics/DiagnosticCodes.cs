namespace FenceFirst.Config.Diagnostics;

/// <summary>Every kind of problem. FF10xx text and blocks, FF11xx keywords and support, FF12xx values, FF13xx scripts, FF14xx what fits together,
/// FF15xx lints, FF16xx two nodes compared.</summary>
/// <remarks>A number is never given to another problem: people search for it.</remarks>
internal static class DiagnosticCodes
{
    public static readonly DiagnosticCode FileUnreadable = Fatal("FF1001");
    public static readonly DiagnosticCode UnterminatedQuote = Error("FF1002");
    public static readonly DiagnosticCode MissingOpeningBrace = Error("FF1003");
    public static readonly DiagnosticCode MissingClosingBrace = Error("FF1004");
    public static readonly DiagnosticCode ExtraBrace = Error("FF1005");
    public static readonly DiagnosticCode NestedTooDeep = Error("FF1006");
    public static readonly DiagnosticCode NulCharacter = Error("FF1007");
    public static readonly DiagnosticCode LongLine = Warning("FF1008");
    public static readonly DiagnosticCode CutByComment = Warning("FF1009", 0);
    public static readonly DiagnosticCode IncludeMissing = Warning("FF1010", 0);
    public static readonly DiagnosticCode IncludeRefused = Error("FF1011");
    public static readonly DiagnosticCode IncludeLoop = Error("FF1012");
    public static readonly DiagnosticCode ExpansionTooLarge = Error("FF1013");
    public static readonly DiagnosticCode BadConditional = Warning("FF1014", 0);
    public static readonly DiagnosticCode MultiLineReference = Error("FF1015");
    public static readonly DiagnosticCode BadRepetition = Error("FF1016");
    public static readonly DiagnosticCode LineContinuation = Warning("FF1017");
    public static readonly DiagnosticCode IncludeSkipped = Warning("FF1018", 0);
    public static readonly DiagnosticCode MisspeltConfigId = Error("FF1019");
    public static readonly DiagnosticCode CommentSignLost = Warning("FF1020", 0);
    public static readonly DiagnosticCode ReferenceNotReplaced = Warning("FF1021", 0);

    public static readonly DiagnosticCode UnknownKeyword = Error("FF1101");
    public static readonly DiagnosticCode MisplacedKeyword = Error("FF1102");
    public static readonly DiagnosticCode Refused = Error("FF1103");
    public static readonly DiagnosticCode NotYet = Error("FF1104");
    public static readonly DiagnosticCode NotDone = Warning("FF1105", 0);
    public static readonly DiagnosticCode Skipped = Warning("FF1106", 0);
    public static readonly DiagnosticCode BlockNotExpected = Error("FF1107");
    public static readonly DiagnosticCode MissingValue = Fatal("FF1108");
    public static readonly DiagnosticCode ExtraWords = Warning("FF1109", 0);
    public static readonly DiagnosticCode Repeated = Warning("FF1110", 0);
    public static readonly DiagnosticCode TrackedTwice = Warning("FF1111");
    public static readonly DiagnosticCode SecondIgnored = Warning("FF1112");

    public static readonly DiagnosticCode BadNumber = Error("FF1201");
    public static readonly DiagnosticCode OutOfRange = Error("FF1202");
    public static readonly DiagnosticCode BadBoolean = Error("FF1203");
    public static readonly DiagnosticCode BadAddress = Error("FF1204");
    public static readonly DiagnosticCode BadChoice = Error("FF1205");
    public static readonly DiagnosticCode Rounded = Warning("FF1206");
    public static readonly DiagnosticCode UnknownOption = Error("FF1207");
    public static readonly DiagnosticCode WrongFamily = Error("FF1208");
    public static readonly DiagnosticCode NotMulticast = Error("FF1209");
    public static readonly DiagnosticCode InterfaceMissing = Error("FF1210");
    public static readonly DiagnosticCode BadName = Error("FF1211");
    public static readonly DiagnosticCode BadMac = Error("FF1212");
    public static readonly DiagnosticCode InterfaceAwaited = Warning("FF1213", 0);

    public static readonly DiagnosticCode ScriptMissing = Error("FF1301");
    public static readonly DiagnosticCode ScriptNotExecutable = Error("FF1302");
    public static readonly DiagnosticCode UserUnknown = Error("FF1303");
    public static readonly DiagnosticCode ScriptInsecure = Warning("FF1304", 0);
    public static readonly DiagnosticCode ScriptSecurityOff = Warning("FF1305", 6);
    public static readonly DiagnosticCode UserAfterScript = Warning("FF1306", 0);
    public static readonly DiagnosticCode PathSearch = Warning("FF1307", 0);
    public static readonly DiagnosticCode NoInterpreterLine = Warning("FF1308", 0);
    public static readonly DiagnosticCode ScriptUnused = Warning("FF1309");

    public static readonly DiagnosticCode MissingKeyword = Fatal("FF1401");
    public static readonly DiagnosticCode DuplicateName = Error("FF1402");
    public static readonly DiagnosticCode DuplicateVrid = Fatal("FF1403");
    public static readonly DiagnosticCode UndefinedName = Error("FF1404");
    public static readonly DiagnosticCode PasswordLost = Error("FF1405");
    public static readonly DiagnosticCode AuthenticationDropped = Warning("FF1406");
    public static readonly DiagnosticCode NoAddress = Error("FF1407");
    public static readonly DiagnosticCode VersionConflict = Error("FF1408");
    public static readonly DiagnosticCode NoSource = Fatal("FF1409");
    public static readonly DiagnosticCode FenceScopeMissing = Error("FF1410");
    public static readonly DiagnosticCode FenceSelf = Error("FF1411");
    public static readonly DiagnosticCode NothingToAwait = Error("FF1412");
    public static readonly DiagnosticCode NoInstance = Warning("FF1413", 0);
    public static readonly DiagnosticCode TrackedFileBad = Error("FF1470");
    public static readonly DiagnosticCode NamedPipeBad = Error("FF1471");
    public static readonly DiagnosticCode MailServerBad = Error("FF1495");
    public static readonly DiagnosticCode MailLoginFile = Error("FF1496");
    public static readonly DiagnosticCode ReachSelf = Error("FF1440");
    public static readonly DiagnosticCode ReachVirtual = Error("FF1441");
    public static readonly DiagnosticCode HmacKeyBad = Error("FF1420");
    public static readonly DiagnosticCode HmacKeyFile = Error("FF1421");
    public static readonly DiagnosticCode HmacIncomplete = Error("FF1422");
    public static readonly DiagnosticCode AgentOption = Error("FF1430");
    public static readonly DiagnosticCode AgentOptionMissing = Error("FF1431");
    public static readonly DiagnosticCode AgentSecretFile = Error("FF1432");
    public static readonly DiagnosticCode AgentMetadata = Error("FF1433");
    public static readonly DiagnosticCode AgentAction = Error("FF1434");
    public static readonly DiagnosticCode ReleaseNotTrusted = Error("FF1450");
    public static readonly DiagnosticCode FenceExpression = Error("FF1451");
    public static readonly DiagnosticCode FenceTargetsDiffer = Error("FF1452");
    public static readonly DiagnosticCode FenceRebootTogether = Error("FF1453");
    public static readonly DiagnosticCode TooManySteps = Error("FF1454");
    public static readonly DiagnosticCode StepsInMember = Error("FF1480");
    public static readonly DiagnosticCode ReleaseInGroup = Error("FF1481");
    public static readonly DiagnosticCode VmacBad = Error("FF1485");
    public static readonly DiagnosticCode WatchdogBad = Error("FF1460");

    public static readonly DiagnosticCode OwnAddressAmongPeers = Warning("FF1501", 0);
    public static readonly DiagnosticCode NopreemptCleared = Warning("FF1502");
    public static readonly DiagnosticCode PriorityBecomesOwner = Warning("FF1503", 0);
    public static readonly DiagnosticCode PasswordTruncated = Warning("FF1504");
    public static readonly DiagnosticCode WeightWithNopreempt = Warning("FF1505", 0);
    public static readonly DiagnosticCode FenceWithoutNopreempt = Warning("FF1506", 0);
    public static readonly DiagnosticCode OwnInterfaceTracked = Warning("FF1507");
    public static readonly DiagnosticCode UnicastWithoutPeers = Warning("FF1508");
    public static readonly DiagnosticCode TargetIsNoPeer = Warning("FF1509", 0);
    public static readonly DiagnosticCode AddressTwice = Warning("FF1510");
    public static readonly DiagnosticCode OwnerIgnoresWeights = Warning("FF1511");
    public static readonly DiagnosticCode InvertedBoolean = Warning("FF1512", 0);
    public static readonly DiagnosticCode UsedBeforeDefinition = Warning("FF1513");
    public static readonly DiagnosticCode NoEffect = Warning("FF1514");
    public static readonly DiagnosticCode KeepalivedForm = Warning("FF1515");
    public static readonly DiagnosticCode NotTracked = Warning("FF1516");
    public static readonly DiagnosticCode Deprecated = Warning("FF1517");
    public static readonly DiagnosticCode GroupOfOne = Warning("FF1518");
    public static readonly DiagnosticCode EmptyList = Warning("FF1519");
    public static readonly DiagnosticCode SpacingZero = Warning("FF1521");
    public static readonly DiagnosticCode WeightInGroup = Warning("FF1522");
    public static readonly DiagnosticCode GroupPriorities = Warning("FF1580", 0);
    public static readonly DiagnosticCode TrackerUnused = Warning("FF1570", 0);
    public static readonly DiagnosticCode ProcessNeverMatches = Warning("FF1571", 0);
    public static readonly DiagnosticCode LinkDelayReduced = Warning("FF1572", 0);
    public static readonly DiagnosticCode MailNowhere = Warning("FF1595", 0);
    public static readonly DiagnosticCode MailAddressBad = Warning("FF1596", 0);
    public static readonly DiagnosticCode HmacNotEnforced = Warning("FF1520", 0);
    public static readonly DiagnosticCode LeaseShort = Warning("FF1541", 0);
    public static readonly DiagnosticCode ReachPeer = Warning("FF1540", 0);
    public static readonly DiagnosticCode AgentOptionDeprecated = Warning("FF1530", 0);
    public static readonly DiagnosticCode AgentSecretInFile = Warning("FF1531", 0);
    public static readonly DiagnosticCode ReleaseOfKeepalived = Warning("FF1550", 0);
    public static readonly DiagnosticCode ReleaseOnFailure = Warning("FF1551", 0);
    public static readonly DiagnosticCode FenceWithoutDelay = Warning("FF1552", 0);
    public static readonly DiagnosticCode FailbackShootsForEver = Warning("FF1553", 0);

    public static readonly DiagnosticCode SpacingZeroInGroup = Warning("FF1593", 0);
    public static readonly DiagnosticCode StrictTakesBack = Warning("FF1592");
    public static readonly DiagnosticCode StrictUnicast = Fatal("FF1490");
    public static readonly DiagnosticCode AuthenticationHeaderWeak = Warning("FF1590", 0);
    public static readonly DiagnosticCode AuthenticationHeaderMaster = Warning("FF1591");

    public static readonly DiagnosticCode PeerWithoutInstance = Warning("FF1601", 0);
    public static readonly DiagnosticCode PeerVersion = new("FF1602", Severity.Error, 0);
    public static readonly DiagnosticCode PeerInterval = new("FF1603", Severity.Error, 0);
    public static readonly DiagnosticCode PeerAddresses = Warning("FF1604", 0);
    public static readonly DiagnosticCode PeerAuthentication = new("FF1605", Severity.Error, 0);
    public static readonly DiagnosticCode PeerPath = new("FF1606", Severity.Error, 0);
    public static readonly DiagnosticCode PeerPriority = Warning("FF1607", 0);
    public static readonly DiagnosticCode PeerWeight = Warning("FF1608", 0);
    public static readonly DiagnosticCode PeerFence = Warning("FF1609", 0);
    public static readonly DiagnosticCode WatchdogMissing = Warning("FF1560", 0);
    public static readonly DiagnosticCode WatchdogSlow = Warning("FF1561", 0);

    private static DiagnosticCode Fatal(string id) => new(id, Severity.Error, 4);

    private static DiagnosticCode Error(string id) => new(id, Severity.Error, 5);

    private static DiagnosticCode Warning(string id, int keepalivedStatus = 5) => new(id, Severity.Warning, keepalivedStatus);
}
