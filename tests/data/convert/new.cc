#include <new>
#include <vector>
#include <cstdlib>
struct alignas(64) wide { char c[64]; };
int main() { int *a = new int; int *b = new int[100]; int *c = new (std::nothrow) int; wide *w = new wide; std::vector<int> v; for (int i=0;i<100;i++) v.push_back(i); delete a; delete[] b; delete c; delete w; void*p=realloc(0,10); p = realloc(p, 20); p=realloc(p,0); return p!=0; }
